"""What is wrong with a rule, said before doors open: it never holds, always holds, or has parts
that never matter, or names gates and products that do not exist.

Every finding is certain for facts whose dates are known; not everything is found (`satisfy`).
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from crypto.bundle import Bundle
from edge.core.rules.nodes import Call, Literal, Node, OneOf, Value, Variable
from edge.core.rules.rule import Junction, Rule, formula, refusing, walk
from edge.core.rules.satisfy import Domains, possible

# Each part costs two searches; longer rules are judged as a whole only.
PARTS_MAX: Final = 100


class Finding(msgspec.Struct, frozen=True):
    """`kind`: never, always, part_never, part_always, idle, unknown_gate or unknown_product.

    `because`: the parts that exclude each other, for a rule that never holds.
    """

    kind: str
    path: str
    message: str
    because: list[str] = []


def lint(rule: Rule, bundle: Bundle | None = None) -> list[Finding]:
    """The findings of `rule`; with `bundle`, also numbers it does not know."""
    domains: dict[str, frozenset[int]] = {}
    if bundle is not None:
        domains["gate"] = frozenset(gate.number for gate in bundle.gates)
        domains["product"] = frozenset(product.number for product in bundle.products)
    return [*_unknown(rule.root, domains), *_judge(rule.root, domains)]


def _unknown(root: Node, domains: Domains) -> Iterator[Finding]:
    for node in walk(root):
        for name, values in _named(node):
            if name not in domains:
                continue
            numbers = [value for value in values if type(value) is int]
            for number in sorted(set(numbers) - domains[name]):
                message = f"the bundle has no {name} {number}"
                yield Finding(f"unknown_{name}", node.path or "/", message)


def _named(node: Node) -> Iterator[tuple[str, tuple[Value, ...]]]:
    match node:
        case OneOf(needle=Variable(name=name), values=values):
            yield name, values
        case Call(op="==" | "!=" | "===" | "!==", args=args):
            names = [arg.name for arg in args if isinstance(arg, Variable)]
            values = tuple(arg.value for arg in args if isinstance(arg, Literal))
            yield from ((name, values) for name in names)


def _judge(root: Node, domains: Domains) -> list[Finding]:
    if not possible(formula(root), domains):
        core = _core(root, domains)
        message = "can never hold: nobody will be let in"
        if len(core) > 1:
            message += f"; {' and '.join(core)} exclude each other"
        return [Finding("never", "/", message, core)]
    if not possible(refusing(root), domains):
        message = "always holds: it refuses nobody whose dates are known"
        return [Finding("always", "/", message)] if root != Literal("", True) else []
    if sum(1 for _ in walk(root)) > PARTS_MAX:
        return []
    return _Pruning(root, domains).findings


def _core(root: Node, domains: Domains) -> list[str]:
    """Paths of a few parts of an `and` that cannot hold together, and of no more than that."""
    if not (isinstance(root, Call) and root.op == "and"):
        return []
    kept = [(arg.path, formula(arg)) for arg in root.args]
    for each in list(kept):
        others = [other for other in kept if other is not each]
        if not possible(Junction(True, tuple(part for _, part in others)), domains):
            kept = others
    return [path for path, _ in kept]


class _Pruning:
    """Takes parts out that never matter, one after the other, and remembers them."""

    def __init__(self, root: Node, domains: Domains) -> None:
        self.root = root
        self.domains = domains
        self.findings: list[Finding] = []
        self.visit(root)

    def visit(self, node: Node) -> None:
        if not isinstance(node, Call) or node.op not in ("and", "or", "!", "!!", "if"):
            return
        for arg in node.args:
            if node.op in ("and", "or") and len(node.args) > 1:
                without = _replaced(self.root, arg, Literal(arg.path, node.op == "and"))
                if self.same(self.root, without):
                    self.findings.append(self.finding(arg))
                    self.root = without
                    continue
            self.visit(arg)

    def finding(self, part: Node) -> Finding:
        if not possible(formula(part), self.domains):
            return Finding("part_never", part.path, "this part can never hold")
        if not possible(refusing(part), self.domains):
            return Finding("part_always", part.path, "this part always holds")
        return Finding("idle", part.path, "the rule is the same without this part")

    def same(self, one: Node, other: Node) -> bool:
        """Whether it is certain that both always decide alike."""
        pairs = [(formula(one), refusing(other)), (refusing(one), formula(other))]
        return not any(possible(Junction(True, pair), self.domains) for pair in pairs)


def _replaced(node: Node, old: Node, new: Node) -> Node:
    if node.path == old.path:
        return new
    if isinstance(node, Call):
        args = tuple(_replaced(arg, old, new) for arg in node.args)
        return msgspec.structs.replace(node, args=args)
    return node
