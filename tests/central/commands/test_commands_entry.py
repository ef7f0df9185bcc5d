"""terms set | show, guests import | list | erase | export, and orders that wait."""

from __future__ import annotations

from pathlib import Path

import msgspec

from central.keys import read_seed
from crypto import guests as guest_format
from crypto.bundle import Bundle, read_untrusted
from crypto.guests import GuestList
from crypto.keys import SigningKey, VerifyKey
from crypto.terms import Limit, Terms, Window
from crypto.ticket import decode_untrusted
from tests.central.commands.conftest import Run

TERMS = """
capacity = 5000
exit_all_at = "03:00"
unpaid = ["venue:0000000000000001"]
medium_prefixes = ["WB-"]
[[policies]]
product = 1
limits = [{ count = 1, per_day = true }]
[[policies.windows]]
weekdays = [5, 6]
from_min = "18:00"
until_min = "02:00"
[[rules]]
product = 1
[rules.logic]
"<" = [{ var = "entries_today" }, 3]
[[media]]
code = "WB-1"
tickets = [{ ticket = "venue:0000000000000002", product = 1 }]
"""


def key_of(tmp_path: Path) -> VerifyKey:
    return VerifyKey(SigningKey(read_seed(tmp_path / "central" / "keys" / "bundle.key")).public)


def published(run: Run, tmp_path: Path) -> Bundle:
    out = tmp_path / "newest.bundle"
    assert run("bundle", "export", str(out)).code == 0
    return read_untrusted(out.read_bytes(), key_of(tmp_path))


def terms_file(tmp_path: Path, text: str, name: str = "terms.toml") -> str:
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def test_terms_are_set_and_shown(run: Run, tmp_path: Path) -> None:
    assert run("terms", "show").out == {"terms": {}}
    answer = run("terms", "set", terms_file(tmp_path, TERMS))
    assert answer.code == 0, answer.err
    shown = run("terms", "show").out["terms"]
    assert (shown["capacity"], shown["exit_all_at"]) == (5000, 180)
    again = run("terms", "set", terms_file(tmp_path, TERMS))
    assert again.out == answer.out  # nothing new to publish


def test_the_bundle_says_what_the_file_said(run: Run, tmp_path: Path) -> None:
    run("terms", "set", terms_file(tmp_path, TERMS))
    from central.sales.terms import read_untrusted as read

    wanted = read(TERMS, toml=True)
    raw = msgspec.msgpack.encode(wanted)
    assert msgspec.msgpack.decode(raw, type=Terms) == wanted
    (policy,) = wanted.policies
    assert policy.limits == [Limit(1, per_day=True)]
    assert policy.windows == [Window(weekdays=[5, 6], from_min=1080, until_min=120)]
    assert wanted.unpaid == [b"venue:" + (1).to_bytes(8, "big")]
    assert wanted.media[0].code == b"WB-1"
    assert wanted.rules[0].logic == '{"<": [{"var": "entries_today"}, 3]}'


def test_a_mistake_in_the_file_is_named(run: Run, tmp_path: Path) -> None:
    wrong = {
        "capacty = 1": "capacty: unknown; did you mean capacity?",
        "[[zones]]\nnumber = 1\nname = 'A'\ncapacty = 1": "zones[0].capacty: unknown",
        "exit_all_at = '3'": "'3' is no time of day",
        "exit_all_at = '03:10'": "multiple",
        "unpaid = ['x:yz']": "is no ticket: as issuer:hex",
        "[[policies]]\nproduct = 9": "there is no product 9",
        "when_unheard = { then = 'mark', exits_at = ['south'] }": "no gateway 'south'",
        "[[gates]]\ngate = 7\nzones = [3]": "there is no gate 7; there is no zone 3",
        "= 5": "cannot be read",
    }
    for text, told in wrong.items():
        answer = run("terms", "set", terms_file(tmp_path, text))
        assert answer.code == 65, text
        assert told in answer.err
    assert run("terms", "set", str(tmp_path / "nothing.toml")).code == 66
    assert run("terms", "set", terms_file(tmp_path, "{", "terms.json")).code == 65


def test_orders_that_wait_are_in_the_terms(run: Run) -> None:
    ticket = run_issuer(run) + ":0000000000000001"
    assert run("ticket", "unpaid", ticket).code == 0
    assert run("ticket", "unapproved", ticket).code == 0
    assert set(run("terms", "show").out["terms"]) == {"unpaid", "unapproved"}
    run("ticket", "paid", ticket)
    run("ticket", "approved", ticket)
    assert run("terms", "show").out == {"terms": {}}


def run_issuer(run: Run) -> str:
    name: str = run("bundle", "show").out["issuers"][0]["name"]
    return name


CSV = "name,key,birthday,note\nJörg Müller,1,2001-02-28,press\nZoë Weiß,2,,\n"


def guests_file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "guests.csv"
    path.write_text(text, "utf-8")
    return str(path)


def test_a_csv_that_is_imported_twice_counts_once(run: Run, tmp_path: Path) -> None:
    file = guests_file(tmp_path, CSV)
    first = run("guests", "import", file)
    assert first.code == 0, first.err
    assert first.out == {"read": 2, "changed": 2, "erased": 0, "list_version": 1}
    assert run("guests", "import", file).out["changed"] == 0
    assert run("guests", "import", file).out["list_version"] == 1
    rows = run("guests", "list").out["guests"]
    assert [(row["name"], row.get("birthday", 0)) for row in rows] == [
        ("Jörg Müller", 228), ("Zoë Weiß", 0),
    ]  # fmt: skip


def test_a_row_that_changed_takes_the_place_of_the_older_one(run: Run, tmp_path: Path) -> None:
    run("guests", "import", guests_file(tmp_path, CSV))
    changed = CSV.replace("press", "artist")
    answer = run("guests", "import", guests_file(tmp_path, changed))
    assert (answer.out["changed"], answer.out["list_version"]) == (1, 2)
    replaced = "name,key\nZoë Weiß,2\n"
    answer = run("guests", "import", "--replace", guests_file(tmp_path, replaced))
    assert (answer.out["changed"], answer.out["erased"]) == (0, 1)
    assert len(run("guests", "list").out["guests"]) == 1


def test_without_keys_name_and_ticket_tell_guests_apart(run: Run, tmp_path: Path) -> None:
    file = guests_file(tmp_path, "Name;Note\nAnna;\nBert;VIP\n\n")
    assert run("guests", "import", file).out["changed"] == 2
    assert run("guests", "import", file).out["changed"] == 0


def test_who_is_erased_is_gone(run: Run, tmp_path: Path) -> None:
    run("guests", "import", guests_file(tmp_path, CSV))
    assert run("guests", "erase", "1").out == {"erased": 1, "list_version": 2}
    assert "Jörg" not in str(run("guests", "list").out)
    assert run("guests", "erase", "1").code == 1


def test_mistakes_in_a_csv_name_their_line(run: Run, tmp_path: Path) -> None:
    wrong = {
        "nome\nA\n": "a column 'nome' is not known: columns are key, name",
        "name,birthday\nA,1399\n": "line 2",
        "name,key\nA,1\nB,1\n": "line 3: the key '1' stands there twice",
        "name,product\nA,x\n": "line 2",
        'name\n"A\n': "unexpected end",
    }
    for text, told in wrong.items():
        answer = run("guests", "import", guests_file(tmp_path, text))
        assert (answer.code, told in answer.err) == (65, True), answer.err
    (tmp_path / "latin.csv").write_bytes(b"name\nJ\xf6rg\n")
    assert "save it as UTF-8" in run("guests", "import", str(tmp_path / "latin.csv")).err


def test_the_exported_list_is_what_gateways_take(run: Run, tmp_path: Path) -> None:
    run("guests", "import", guests_file(tmp_path, CSV))
    out = tmp_path / "guests.list"
    assert run("guests", "export", str(out)).out == {"guests": 2, "list_version": 1}
    assert out.stat().st_mode & 0o077 == 0
    read = guest_format.read_untrusted(out.read_bytes(), key_of(tmp_path))
    assert isinstance(read, GuestList)
    assert [one.name for one in read.guests] == ["Jörg Müller", "Zoë Weiß"]
    assert run("guests", "export", str(tmp_path / "no" / "folder")).code == 73


def test_a_listed_ticket_takes_with_it_what_its_newest_code_says(run: Run, tmp_path: Path) -> None:
    codes = tmp_path / "codes"
    words = ("--performance", "Saturday", "--product", "1", "--persons", "3", "--out", str(codes))
    assert run("ticket", "issue", *words, "--valid-until", "1783300000").code == 0
    ticket = decode_untrusted(codes.read_bytes().strip()).ticket
    mine, gone = (f"{run_issuer(run)}:{raw.hex()}" for raw in (ticket.ticket_id, bytes(8)))
    rows = f"name,key,product,ticket\nAnna,1,,{mine}\nBert,2,1,{gone}\nCem,3,1,\n"
    answer = run("guests", "import", guests_file(tmp_path, rows))
    assert answer.code == 0, answer.err
    out = tmp_path / "guests.list"
    run("guests", "export", str(out))
    anna, bert, cem = guest_format.read_untrusted(out.read_bytes(), key_of(tmp_path)).guests
    assert (anna.product, anna.performance, anna.persons) == (1, 1, 3)
    assert (anna.valid_from, anna.valid_until) == (0, 1783300000)
    assert (bert.product, bert.performance, bert.persons) == (1, 0, 1)
    assert (cem.product, cem.ticket) == (1, b"")
