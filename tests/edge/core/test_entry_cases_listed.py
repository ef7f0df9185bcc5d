"""No case of other check-in systems is forgotten, and what is said to play one is there."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
SCENARIOS = TESTS.parent / "edge" / "scenario" / "examples"
LISTED = tomllib.loads((Path(__file__).parent / "entry_cases.toml").read_text(encoding="utf-8"))
PLAYED: dict[str, list[str]] = LISTED["played"]
NODE = re.compile(r"(?P<file>[\w/]+\.py)::(?P<test>test_\w+)(\[(?P<case>\w+)\])?")

# All there are, with rows that hold several taken apart.
ALL = """
simple_success success_filtered_list unpaid unpaid_override unapproved blocked_position
valid_until_past valid_from_passed wrong_product already_redeemed_synced multi_exit
reentry_after_exit addon_match_ambiguous rule_false rule_gate_unset rule_gate_wrong rule_gate_ok
rule_entries_today rule_entries_today_before_local_midnight
rule_entries_today_after_local_midnight rule_entries_before rule_entries_days_since
rule_isAfter_tolerance rule_isAfter_subevent rule_custom_datetime rule_custom_time
rule_isoweekday question_already_answered question_suppressed question_required_then_given
signed_valid signed_valid_list_filter_by_server_id signed_blocked signed_unknown_product
signed_bad_signature multi_list signed_multi_list
medium_inactive medium_two_events medium_two_disjoint medium_disjoint_events
b_product_then_added b_wrong_subevent b_optional_question b_single_repeat_nonce
b_multi_repeat_nonce b_order_by_scan_time b_explain_product b_explain_minutes b_tolerance_text
b_before_tolerance b_customtime_22 b_auto_exit_all b_auto_exit_only_inside
r_custom_datetime r_by_pk_forbidden r_special_chars r_only_once r_reupload_same_nonce
r_multi_reupload r_forced_flag_only_if_needed r_require_paid r_revoked_force r_addon_disabled
r_addon_enabled r_addon_ambiguous r_store_failed r_no_permission r_one_list r_limited_search
r_annul_failures
i_no_keys i_not_yet_valid_exit i_queued_force i_missing_answers i_subevent_mismatch
i_expired_order
e_second_after_reentry e_settings_missing e_other_list_setting e_clock_behind
e_queue_other_secret e_restricted_list
l_success_noprint l_before_window l_after_window l_badge_not_yet l_badge_expired l_badge_unknown
s_real_1000 s_payload_300 s_payload_1106 s_int64_max_validity s_version_0 s_version_2 s_len_ffff
s_siglen_0 s_siglen_65 s_trailing_bytes s_dot_dash_space s_S_plus_L s_wrong_key
x_replay_after_upload x_rule_counter_after_upload x_two_threads_one_ticket x_clock_2001
x_clock_2099 x_null_admission_rule x_used_and_questions x_queue_rejected_400
"""
CASES = ALL.split()


@cache
def parsed(file: str) -> tuple[frozenset[str], frozenset[str]]:
    """Names of the functions of a test file, and every word and text in it."""
    nodes = list(ast.walk(ast.parse((TESTS / file).read_text(encoding="utf-8"))))
    functions = {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    words = {n.id for n in nodes if isinstance(n, ast.Name)}
    texts = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return frozenset(functions), frozenset(words | texts)


def test_every_case_is_played_or_says_why_not() -> None:
    assert len(CASES) == len(set(CASES))
    assert not PLAYED.keys() & LISTED["does_not_fit"].keys()
    assert PLAYED.keys() | LISTED["does_not_fit"].keys() == set(CASES)
    assert all(PLAYED.values())
    assert all(len(why) > 10 for why in LISTED["does_not_fit"].values())


@pytest.mark.parametrize("place", sorted({place for each in PLAYED.values() for place in each}))
def test_what_plays_a_case_is_there(place: str) -> None:
    kind, _, name = place.partition("scenario:")
    if not kind:
        assert any((SCENARIOS / f"{name}.{end}").is_file() for end in ("toml", "json"))
        return
    node = NODE.fullmatch(place)
    assert node, "write file.py::test_name, file.py::test_name[case] or scenario:name"
    functions, named = parsed(node["file"])
    assert node["test"] in functions
    # A case of a table is a function in it, or a text.
    assert node["case"] is None or node["case"] in named


@pytest.mark.parametrize("case", sorted(PLAYED))
def test_a_table_is_told_which_of_its_rows_plays_a_case(case: str) -> None:
    tables = {"test_sequences", "test_cases", "test_more_cases"}
    for place in PLAYED[case]:
        node = NODE.fullmatch(place)
        assert not node or node["test"] not in tables or node["case"]
