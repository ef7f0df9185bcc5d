"""The bytes of multicast DNS: golden ones, what zeroconf makes and reads of them, and garbage."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeroconf._dns import DNSAddress, DNSPointer, DNSQuestion, DNSService
from zeroconf._protocol.incoming import DNSIncoming
from zeroconf._protocol.outgoing import DNSOutgoing

from edge.peers import dnssd
from edge.peers.dnssd import (
    AAAA,
    ANY,
    PTR,
    SERVICE,
    SRV,
    TXT,
    A,
    BadPacket,
    Packet,
    Question,
    Record,
    announced,
    decode_untrusted,
    encode,
)

GATEWAY = bytes(range(16))
TYPE = "_gatehouse._tcp.local."
TOLD = announced(GATEWAY, 8444, ["10.0.0.5", "fd00::5"])
#: Two pointers: the name of the answer is the question's, the target ends in it.
COMPRESSED = bytes.fromhex(
    "000084000001000100000000"
    "0a5f6761746568 6f757365 045f746370 056c6f63616c 00 000c8001"
    "c00c 000c 0001 00001194 0004 0161 c00c"
)


def test_the_question_is_what_the_rfc_says() -> None:
    raw = encode(Packet(questions=(Question(SERVICE),)))
    assert raw == bytes.fromhex(
        "0000 0000 0001 0000 0000 0000"  # RFC 1035, section 4.1.1; the id is 0 (RFC 6762, 18.1)
        "0a 5f6761746568 6f757365 04 5f746370 05 6c6f63616c 00 000c 0001"
    )
    assert decode_untrusted(raw) == Packet(questions=(Question(SERVICE),))


def test_an_announcement_reads_back() -> None:
    assert decode_untrusted(encode(TOLD)) == TOLD
    kinds = [record.type for record in (*TOLD.answers, *TOLD.more)]
    assert kinds == [PTR, SRV, TXT, A, AAAA]
    # Shared by all gateways, so it must not push others out of caches (RFC 6762, section 10.2).
    assert not TOLD.answers[0].unique and all(record.unique for record in TOLD.more)
    gone = announced(GATEWAY, 8444, ["10.0.0.5"], ttl_s=0)
    assert {record.ttl_s for record in (*gone.answers, *gone.more)} == {0}


def test_pointers_are_followed_back() -> None:
    packet = decode_untrusted(COMPRESSED)
    assert packet.questions == (Question(SERVICE, PTR),)
    assert packet.answers == (Record(SERVICE, PTR, ("a", *SERVICE), 4500, False),)


def test_zeroconf_reads_what_we_say() -> None:
    heard = DNSIncoming(encode(TOLD))
    assert heard.valid and heard.is_response()
    instance, host = f"{GATEWAY.hex()}.{TYPE}", f"gatehouse-{GATEWAY.hex()}.local."
    pointer, service, text, four, six = cast(Any, heard.answers())
    assert (pointer.name, pointer.alias, pointer.ttl) == (TYPE, instance, dnssd.TTL_S)
    assert (service.name, service.port, service.server) == (instance, 8444, host)
    assert (text.name, text.text) == (instance, b"\x09txtvers=1")
    assert (four.name, four.address) == (host, bytes([10, 0, 0, 5])) and six.name == host
    asked = DNSIncoming(encode(Packet(questions=(Question(SERVICE),))))
    assert asked.valid and asked.is_query() and asked.questions[0].name == TYPE


def test_we_read_what_zeroconf_says() -> None:
    out = DNSOutgoing(0x8400)
    instance = f"{GATEWAY.hex()}.{TYPE}"
    out.add_answer_at_time(DNSPointer(TYPE, 12, 1, 4500, instance), 0)
    out.add_answer_at_time(DNSService(instance, 33, 0x8001, 120, 0, 0, 4242, "Some-Host.local."), 0)
    out.add_answer_at_time(
        DNSAddress("Some-Host.local.", 1, 0x8001, 120, bytes([192, 168, 1, 2])), 0
    )
    (raw,) = out.packets()
    assert decode_untrusted(raw).answers == (
        Record(SERVICE, PTR, (GATEWAY.hex(), *SERVICE), 4500, False),
        Record((GATEWAY.hex(), *SERVICE), SRV, (4242, ("some-host", "local")), 120),
        Record(("some-host", "local"), A, "192.168.1.2", 120),
    )
    out = DNSOutgoing(0)
    out.add_question(DNSQuestion(TYPE, 12, 0x8001))
    assert decode_untrusted(out.packets()[0]).questions == (Question(SERVICE, PTR),)


def test_letters_are_compared_without_case() -> None:
    loud = encode(Packet(questions=(Question(("_GateHouse", "_TCP", "LOCAL"), ANY),)))
    assert decode_untrusted(loud).questions == (Question(SERVICE, ANY),)


HEAD = bytes.fromhex("000084000000000100000000")
BROKEN = {
    "empty": b"",
    "too short": HEAD[:11],
    "too long": HEAD + bytes(dnssd.PACKET_BYTES_MAX),
    "an error": bytes.fromhex("000084030000000000000000"),
    "another operation": bytes.fromhex("0000a8000000000000000000"),
    "too many": bytes.fromhex("0000840000000ffff0000000")[:12],
    "nothing follows": HEAD,
    "round in circles": HEAD + bytes.fromhex("c00c"),
    "points ahead": HEAD + bytes.fromhex("c00e0000"),
    "points at itself later": HEAD + bytes.fromhex("0161c00c"),
    "a label without end": HEAD + bytes.fromhex("3f61"),
    "a reserved label": HEAD + bytes.fromhex("8061"),
    "no text": HEAD + bytes.fromhex("01ff00000c0001000000780000"),
    "an address of 3 bytes": HEAD + bytes.fromhex("0161000001000100000078000301020304"),
    "a record behind the end": HEAD + bytes.fromhex("01610000010001000000780004010203"),
    "a name and more": HEAD + bytes.fromhex("016100000c0001000000780004 01620000"),
    "a name of 256 bytes": HEAD + (b"\x3f" + b"a" * 63) * 4 + bytes(20),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_packet_is_dropped(what: str) -> None:
    with pytest.raises(BadPacket):
        decode_untrusted(BROKEN[what])


def test_what_is_too_long_is_not_said() -> None:
    for name in (("a" * 64, "local"), ("",), ("a" * 63,) * 5):
        with pytest.raises(ValueError, match="label|name"):
            encode(Packet(questions=(Question(name),)))
    with pytest.raises(ValueError, match="packet"):
        encode(announced(GATEWAY, 1, ["10.0.0.1"] * 3, 0).__class__(answers=TOLD.answers * 200))


def tried(raw: bytes) -> None:
    try:
        packet = decode_untrusted(raw)
    except BadPacket:
        return
    encode(packet)  # what was read could have been said


@given(st.binary(max_size=300))
def test_garbage_is_dropped_or_read(raw: bytes) -> None:
    tried(raw)
    tried(HEAD + raw)


@given(st.data())
def test_an_altered_packet_is_dropped_or_read(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from([encode(TOLD), COMPRESSED])))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    tried(bytes(raw[: data.draw(st.integers(0, len(raw)))]))
