"""Which scans can still be taken back, and which are another gateway's or too old."""

from edge.core.state import State
from edge.recent import KEPT_MS, RecentHolds
from tests.edge.core.desk import A, B, Desk, identity, make_code


def test_a_scan_is_found_by_its_nonce() -> None:
    desk = Desk()
    desk.scan(make_code(), nonce=b"n")
    recent = RecentHolds()
    assert recent.find(desk.state, A, b"n") is None
    recent.note(b"n", identity(), 1, 1, desk.now_s * 1000)
    found = recent.find(desk.state, A, b"n")
    assert found is not None
    ticket, epoch, hold = found
    assert (ticket, epoch, hold.seq, hold.nonce) == (identity(), 1, 1, b"n")


def test_the_oldest_are_forgotten() -> None:
    recent, state = RecentHolds(), State()
    for number, at_ms in ((1, 0), (2, 1), (3, KEPT_MS + 1)):
        recent.note(b"%d" % number, identity(number), 1, number, at_ms)
    assert recent.find(state, A, b"1") is None
    assert recent.find(state, A, b"2") is not None


def test_after_a_restart_own_scans_are_found_in_the_state() -> None:
    desk = Desk()
    desk.scan(make_code(1), nonce=b"old")
    desk.now_s += KEPT_MS // 1000 + 1
    desk.scan(make_code(2), nonce=b"own")
    desk.scan(make_code(3), nonce=b"theirs", gateway=B)
    desk.scan(make_code(4))
    recent = RecentHolds()
    recent.recall(desk.state, A, desk.now_s * 1000)
    known = [name for name in (b"old", b"own", b"theirs", b"") if recent.find(desk.state, A, name)]
    assert known == [b"own"]
