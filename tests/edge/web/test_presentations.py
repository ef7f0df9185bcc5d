"""Presentations over HTTP: answers, wrong requests, and retries that move nothing twice."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from edge.core.texts import Texts
from edge.web.presentations import Presented, read_presented_untrusted
from edge.web.problems import ApiError
from edge.web.recent import Recent
from tests.edge.web.house import House, code, until
from tests.edge.web.serving import served

NONCE = "00ff" * 8


@pytest.mark.trio
async def test_admitted_and_refused_are_both_answers() -> None:
    house = House()
    status, answer = await house.post({"code": code()}, lane=2)
    assert (status, answer["decision"], answer["granted"], answer["seq"]) == (200, "admitted", 1, 1)
    status, answer = await house.post({"code": code()}, lane=2)
    assert (status, answer["decision"], answer["reason"]) == (200, "refused", "already_redeemed")
    assert answer["reason_number"] == 100
    assert answer["earlier"]["gate"] == "North gate"


@pytest.mark.trio
async def test_an_unknown_lane_is_answered_with_those_there_are() -> None:
    house = House()
    for lane in (3, "x", "0", "-1", "99999999999", "%D9%A1"):
        status, answer = await house.post({"code": code()}, lane=lane)
        assert (status, answer["problem"], answer["lanes"]) == (404, "unknown_lane", [1, 2]), lane
    assert house.log.facts == []


@pytest.mark.trio
async def test_the_answer_waits_until_the_fact_is_on_disk() -> None:
    house = House()
    house.log.holding = True
    answers: list[Any] = []

    async def ask() -> None:
        answers.append(await house.post({"code": code()}))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await until(lambda: bool(house.log.facts))
        await trio.testing.wait_all_tasks_blocked()
        assert not answers
        assert house.arm.granted == []
        house.log.sync()
    assert answers[0][1]["decision"] == "admitted"
    assert house.arm.granted == [1]


WRONG = [
    (b"", "bad_json", "", "too early"),
    (b"{", "bad_json", "", "too early"),
    (b'{"code":"a"} x', "bad_json", "", "(byte 14)"),
    (b'{"code":"a\x00"}', "bad_json", "", "(byte 10)"),
    (b'{"code":"\xff"}', "bad_json", "", "UTF-8"),
    (b'{"code":"\\ud800"}', "bad_json", "", "escape"),
    (b"null", "bad_json", "", "object"),
    (b'["a"]', "bad_json", "", "array"),
    (b"[" * 9000, "bad_json", "", "object"),
    (b"{}", "bad_field", "code", "missing"),
    (b'{"code":7}', "bad_field", "code", "`str`"),
    (b'{"code":""}', "bad_field", "code", "length"),
    (b'{"code":"a","nonce":"0"}', "bad_field", "nonce", "hex"),
    (b'{"code":"a","nonce":"zz"}', "bad_field", "nonce", "hex"),
    (b'{"code":"a","nonce":""}', "bad_field", "nonce", "hex"),
    (b'{"code":"a","nonce":"%s"}' % (b"00" * 33), "bad_field", "nonce", "hex"),
    (b'{"code":"a","count":0}', "bad_field", "count", ">= 1"),
    (b'{"code":"a","count":256}', "bad_field", "count", "<= 255"),
    (b'{"code":"a","count":1.5}', "bad_field", "count", "float"),
    (b'{"code":"a","count":1e999}', "bad_field", "count", "range"),
    (b'{"code":"a","count":' + b"9" * 5000 + b"}", "bad_field", "count", "range"),
    (b'{"code":"a","direction":"up"}', "bad_field", "direction", "'up'"),
    (b'{"code":"a","nonse":"00"}', "unknown_field", "nonse", "nonse"),
]


@pytest.mark.trio
@pytest.mark.parametrize(("body", "problem", "field", "words"), WRONG)
async def test_a_wrong_body_is_named_and_nothing_is_presented(
    body: bytes, problem: str, field: str, words: str
) -> None:
    house = House()
    status, answer = await house.post(body)
    assert (status, answer["problem"], answer.get("field", "")) == (400, problem, field)
    assert words in answer["detail"]
    assert problem == "bad_json" or answer["hint"]
    assert house.log.facts == []
    assert house.one.last is None


def test_a_misspelt_field_gets_the_likely_one() -> None:
    with pytest.raises(ApiError) as raised:
        read_presented_untrusted(b'{"code":"a","nonse":"00"}')
    assert raised.value.problem.hint == "did you mean nonce?"


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode()))
def test_any_bytes_are_read_or_refused_by_name(raw: bytes) -> None:
    try:
        assert isinstance(read_presented_untrusted(raw), Presented)
    except ApiError as error:
        assert error.status == 400
        assert error.problem.detail


@pytest.mark.trio
async def test_a_wrong_way_is_refused_before_a_ticket_is_used() -> None:
    house = House()
    status, answer = await house.post({"code": code(), "direction": "exit"}, lane=1)
    assert (status, answer["field"]) == (400, "direction")
    status, answer = await house.post({"code": code(), "direction": "exit", "count": 2}, lane=2)
    assert (status, answer["field"]) == (400, "count")
    assert house.log.facts == []
    status, answer = await house.post({"code": code(), "direction": "exit"}, lane=2)
    assert (status, answer["direction"]) == (200, "exit")
    status, answer = await house.post({"code": code(2), "direction": "entry"}, lane=1)
    assert (status, answer["decision"]) == (200, "admitted")


@pytest.mark.trio
async def test_more_persons_than_the_code_is_for() -> None:
    house = House()
    status, answer = await house.post({"code": code(persons=3), "count": 3}, lane=2)
    assert (status, answer["granted"]) == (200, 3)
    status, answer = await house.post({"code": code(2, persons=3), "count": 4}, lane=2)
    assert answer["decision"] == "refused"


@pytest.mark.trio
async def test_a_retry_of_an_admission_gets_its_answer_and_moves_nothing() -> None:
    house = House()
    _, first = await house.post({"code": code(), "nonce": NONCE})
    house.one.completed(1, 1)
    facts = len(house.log.facts)
    for nonce in (NONCE, NONCE.upper()):
        status, again = await house.post({"code": code(), "nonce": nonce})
        assert status == 200
        assert again.pop("repeated") is True
        assert again == first
    assert house.arm.granted == [1]
    assert len(house.log.facts) == facts
    # Without the nonce, it is somebody who wants to go in once more.
    _, other = await house.post({"code": code()})
    assert other["reason"] == "already_redeemed"


@pytest.mark.trio
async def test_a_retry_of_a_refusal_gets_its_answer_though_it_would_be_admitted_now() -> None:
    house = House()
    house.arm.service = False
    _, first = await house.post({"code": code(), "nonce": NONCE})
    assert first["reason"] == "device"
    house.arm.service = True
    _, again = await house.post({"code": code(), "nonce": NONCE})
    assert again == first | {"repeated": True}
    assert house.arm.granted == []
    _, fresh = await house.post({"code": code(), "nonce": "01"})
    assert fresh["decision"] == "admitted"


@pytest.mark.trio
async def test_an_admission_is_found_by_its_nonce_after_the_memory_is_gone() -> None:
    house = House()
    await house.post({"code": code(), "nonce": NONCE})
    house.one.completed(1, 1)
    restarted = House()
    restarted.gateway.state = house.gateway.state
    restarted.log.epoch = 2
    _, again = await restarted.post({"code": code(), "nonce": NONCE})
    assert (again["decision"], again["repeated"]) == ("admitted", True)
    assert restarted.arm.granted == []
    assert restarted.log.facts == []


@pytest.mark.trio
async def test_a_retry_while_the_first_still_waits_joins_it() -> None:
    house = House()
    await house.post({"code": code(9)})  # somebody is between scan and passage
    answers: list[Any] = []

    async def ask() -> None:
        answers.append((await house.post({"code": code(), "nonce": NONCE}))[1])

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(ask)
            await trio.testing.wait_all_tasks_blocked()
        assert not answers  # queued, all three; not "one moment please"
        house.one.completed(1, 1)
    assert [answer["decision"] for answer in answers] == ["admitted"] * 3
    assert sum(not answer.get("repeated", False) for answer in answers) == 1
    assert len(house.arm.granted) == 2


@pytest.mark.trio
async def test_a_nonce_belongs_to_one_presentation_of_one_lane() -> None:
    house = House()
    await house.post({"code": code(), "nonce": NONCE}, lane=2)
    for body in ({"code": code(2)}, {"code": code(), "count": 2}):
        status, answer = await house.post(body | {"nonce": NONCE}, lane=2)
        assert (status, answer["problem"], answer["field"]) == (409, "nonce_reused", "nonce")
    status, answer = await house.post({"code": code(2), "nonce": NONCE}, lane=1)
    assert (status, answer["decision"]) == (200, "admitted")


@pytest.mark.trio
async def test_a_lost_answer_is_not_the_end_of_it(autojump_clock: object) -> None:
    house = House()
    house.log.holding = True
    status, answer = await house.post({"code": code(), "nonce": NONCE})
    assert (status, answer["problem"]) == (504, "no_answer")
    assert "same nonce" in answer["hint"]
    status, bare = await house.post({"code": code(2)}, lane=2)
    assert status == 504
    assert "send a nonce" in bare["hint"]
    house.log.sync()
    _, answer = await house.post({"code": code(), "nonce": NONCE})
    assert answer["decision"] == "admitted"
    assert house.arm.granted == [1]


@pytest.mark.trio
async def test_too_many_that_wait_are_told_so(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: object
) -> None:
    monkeypatch.setattr("edge.web.presentations.Recent", partial(Recent, 2))
    house = House(wait_s=1)
    house.log.holding = True
    for number in (1, 2):
        status, _ = await house.post({"code": code(number), "nonce": f"0{number}"}, lane=2)
        assert status == 504
    facts = len(house.log.facts)
    status, answer = await house.post({"code": code(3), "nonce": "03"}, lane=2)
    assert (status, answer["problem"]) == (503, "busy")
    assert len(house.log.facts) == facts


@pytest.mark.trio
async def test_a_client_that_hangs_up_strands_nobody() -> None:
    house = House()
    house.log.holding = True
    async with served(house) as api:
        stream = await trio.open_tcp_stream("127.0.0.1", api.port)
        body = b'{"code":"%s","nonce":"%s"}' % (code().encode(), NONCE.encode())
        head = b"POST /v1/lanes/1/presentations HTTP/1.1\r\nhost: localhost\r\n"
        head += b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        await stream.send_all(head + body)
        await until(lambda: bool(house.log.facts))
        await stream.aclose()
        await until(lambda: not api.counts.open)  # long before the 30 s are over
        house.log.sync()
        assert house.arm.granted == [1]
        async with api.client() as client:
            again = await client.post(
                "/v1/lanes/1/presentations", json={"code": code(), "nonce": NONCE}
            )
    assert again.json()["decision"] == "admitted"
    assert house.arm.granted == [1]
    house.one.completed(1, 1)
    assert house.log.kinds() == ["Admitted", "PassageCompleted"]


@pytest.mark.trio
async def test_the_guest_is_spoken_to_in_the_languages_asked_for() -> None:
    house = House()
    house.gateway.texts = Texts(staff_language="de", guest_languages=("fr", "en"))
    path, body = "/v1/lanes/2/presentations", {"code": "x"}
    async with house.client() as client:
        usual = (await client.post(path, json=body)).json()
        german = (await client.post(path + "?lang=de", json=body)).json()
        both = (await client.post(path + "?lang=en,de&lang=fr", json=body)).json()
        wrong = await client.post(path + "?lang=de,xx", json={"code": code()})
    assert usual["text"] == "Kein gültiger Ticketcode."
    assert list(usual["guest_text"]) == ["fr", "en"]
    assert german["guest_text"] == {"de": "Das ist kein gültiger Ticketcode."}
    assert list(both["guest_text"]) == ["en", "de", "fr"]
    assert (wrong.status_code, wrong.json()["field"]) == (400, "lang")
    assert house.log.facts == []
