"""Rules of admission: the part of JSON logic that pretix writes, read once and decided offline.

=========== =========================================================================
`nodes`     what a rule consists of, and `BadRule`
`parsing`   JSON -> nodes; everything that cannot be decided is refused here
`context`   the facts a rule reads: ticket, gate, time, and the guest's own entries
`evaluation` nodes -> closures
`rule`      `compile_rule`, and a rule as alternatives (`Formula`)
`explain`   why a guest is refused, in one sentence
`texts`     these sentences in German, English and French
`satisfy`   whether any facts could make a formula true
`lint`      rules that never or always hold, and parts that never matter
=========== =========================================================================

What is not known (the dates of a ticket without performance) is neither true nor false, and a
rule that hangs on it refuses: `or` of a truth and an unknown holds, `!` of an unknown does not.
The names and their meaning are those of pretix (documentation of its check-in rules and
`pretix.base.services.checkin`); where its own implementations disagree, the docstrings say what
was decided.
"""

from edge.core.rules.context import Event, RuleContext, context_from
from edge.core.rules.explain import Explanation, explain
from edge.core.rules.lint import Finding, lint
from edge.core.rules.nodes import BadRule
from edge.core.rules.rule import Rule, compile_rule

__all__ = [
    "BadRule",
    "Event",
    "Explanation",
    "Finding",
    "Rule",
    "RuleContext",
    "compile_rule",
    "context_from",
    "explain",
    "lint",
]
