"""Reasons are for ever: integrations, columns and statistics know them by number and name."""

from edge.core.reasons import BY_CODE, Reason

# Number, name, may the same presentation succeed later without help. Lines are only ever added.
FROZEN = """
 10 invalid           no
 11 wrong_issuer      no
 12 unknown_key       no
 13 code_expired      yes
 14 medium_unknown    no
 15 medium_blocked    no
 16 medium_cloned     no
 20 revoked           no
 30 canceled          no
 40 blocked           no
 50 unapproved        no
 60 unpaid            no
 70 product           no
 80 performance       no
 90 invalid_time      yes
100 already_redeemed  no
105 exit_unheard      yes
110 zone_full         yes
120 rules             yes
130 questions         no
140 ambiguous         no
150 device            yes
155 wait              yes
160 error             yes
"""


def test_numbers_names_and_retries_never_change() -> None:
    table = "".join(
        f"{reason:3d} {reason.code:<17} {'yes' if reason.retryable else 'no'}\n"
        for reason in Reason
    )
    assert "\n" + table == FROZEN


def test_a_reason_is_found_by_its_name() -> None:
    assert [BY_CODE[reason.code] for reason in Reason] == list(Reason)


GARBAGE = ["invalid", "unknown_key", "medium_unknown"]


def test_only_texts_that_name_no_ticket_of_ours_are_garbage() -> None:
    assert [reason.code for reason in Reason if reason.garbage] == GARBAGE
