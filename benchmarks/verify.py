"""The offline decision: text → decode → verify → lists and history → decision, on one core.

Reference: Ed25519 verification of the same tickets by the same libsodium in a C loop, compiled on
the spot when a C compiler is there; else the bare cffi call in a Python loop (0.98 of it).
"""

import ctypes
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from nacl import _sodium

from benchmarks.measure import Report, Round, Row, alternate, median, paired_ratio, spread
from crypto import bundle, keys, ticket
from edge.core.admission import Presentation, decide
from edge.core.moments import Moment
from edge.core.policy import Policy
from edge.core.state import State

TICKETS = 2000
GATEWAY = b"gateway-of-bench"
NOW = Moment(1_790_000_000_000, 20260921, 120)

_C_LOOP = r"""
#include <time.h>
typedef int (*verify_t)(const unsigned char*, const unsigned char*, unsigned long long,
                        const unsigned char*);
double loop(verify_t verify, const unsigned char *signatures, const unsigned char *messages,
            unsigned long long length, const unsigned char *key, int count, int step) {
  struct timespec a, b; int bad = 0;
  clock_gettime(CLOCK_MONOTONIC, &a);
  for (long i = 0; i < count; i++)
    bad += verify(signatures + i * step * 64, messages + i * step * length, length, key) != 0;
  clock_gettime(CLOCK_MONOTONIC, &b);
  if (bad) return -1;
  return (b.tv_sec - a.tv_sec + (b.tv_nsec - a.tv_nsec) / 1e9) / count;
}
"""


def run(rounds: int = 9) -> Report:
    """Measure and report."""
    key = keys.SigningKey(bytes(range(32)))
    codes = [_code(key, number) for number in range(TICKETS)]
    policy = Policy(_bundle(key))
    state = State()
    with tempfile.TemporaryDirectory() as folder:
        references = _references(Path(folder), key, codes)
        found = alternate(
            {
                **references,
                "decision": lambda: _decisions(state, policy, codes),
                "signature": lambda: _signatures(key, codes),
            },
            rounds,
        )
    rates = {name: [1 / seconds for seconds in values] for name, values in found.items()}
    ratio = paired_ratio(rates["decision"], rates["reference"])
    compiled = "one signature" in rates
    against = "libsodium in a C loop" if compiled else "libsodium through cffi; no C compiler here"
    rows = [
        Row(name=f"{against} (reference)", value=median(rates["reference"]), unit="1/s",
            spread=spread(rates["reference"])),
    ]  # fmt: skip
    if compiled:
        once = paired_ratio(rates["one signature"], rates["reference"])
        rows.append(
            Row(name="the same, one signature again and again",
                value=median(rates["one signature"]), unit="1/s", ratio=once, against="reference")
        )  # fmt: skip
    return Report(
        bench="verify",
        rows=[
            *rows,
            Row(name="decode and verify", value=median(rates["signature"]), unit="1/s",
                spread=spread(rates["signature"]), against="reference",
                ratio=paired_ratio(rates["signature"], rates["reference"])),
            Row(name="offline decision", value=median(rates["decision"]), unit="1/s",
                spread=spread(rates["decision"]), ratio=ratio, against="reference",
                target="≥ 0.85, goal 0.95", met=ratio >= 0.85),
        ],
    )  # fmt: skip


def _bundle(key: keys.SigningKey) -> bundle.Bundle:
    return bundle.Bundle(
        version=1,
        issuers=[bundle.Issuer("venue", [bundle.IssuerKey(key.public)])],
        products=[bundle.Product(1, "Day ticket")],
        performances=[bundle.Performance(1, "Saturday", admission_from=1, ends_at=4_000_000_000)],
        gates=[bundle.Gate(1, "North", [1], [1])],
        canceled=[b"venue:canceled"],
    )


def _code(key: keys.SigningKey, number: int) -> bytes:
    content = ticket.Ticket(
        key.key_id, 1, number.to_bytes(8, "big"), 1, 1, 4_000_000_000, 1, 0, 1_780_000_000
    )
    return ticket.issue(content, key).encode()


def _decisions(state: State, policy: Policy, codes: list[bytes]) -> float:
    started = time.perf_counter()
    for code in codes:
        decision = decide(state, policy, Presentation(code, GATEWAY, 1, 1), NOW, 1)
        assert decision.reason is None
    return (time.perf_counter() - started) / len(codes)


def _signatures(key: keys.SigningKey, codes: list[bytes]) -> float:
    verify_key = keys.VerifyKey(key.public)
    started = time.perf_counter()
    for code in codes:
        assert ticket.verify(ticket.decode_untrusted(code), verify_key)
    return (time.perf_counter() - started) / len(codes)


def _references(folder: Path, key: keys.SigningKey, codes: list[bytes]) -> dict[str, Round]:
    """The signatures of the same tickets, and one of them again and again, if a compiler is there.

    A loop over one signature is 5 % faster: its branches hang on the bits of the signature, and the
    processor learns them by heart. No gate sees one ticket two thousand times.
    """
    signed = [ticket.decode_untrusted(code) for code in codes]
    messages = [keys.TICKET_DOMAIN + one.payload for one in signed]
    c_loop = _compile(folder)
    if c_loop is not None:
        verify = ctypes.CDLL(_sodium.__file__).crypto_sign_verify_detached
        all_signatures = b"".join(one.signature for one in signed)
        all_messages = b"".join(messages)

        def compiled(step: int) -> float:
            seconds: float = c_loop(
                verify, all_signatures, all_messages, len(messages[0]), key.public, TICKETS, step
            )
            assert seconds > 0
            return seconds

        return {"reference": partial(compiled, 1), "one signature": partial(compiled, 0)}
    call, ffi = _sodium.lib.crypto_sign_open, _sodium.ffi
    out, length = ffi.new("unsigned char[]", 512), ffi.new("unsigned long long *")
    wholes = [one.signature + message for one, message in zip(signed, messages, strict=True)]

    def python_loop() -> float:
        started = time.perf_counter()
        for whole in wholes:
            call(out, length, whole, len(whole), key.public)
        return (time.perf_counter() - started) / TICKETS

    return {"reference": python_loop}


def _compile(folder: Path) -> Callable[..., float] | None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    source, library = folder / "loop.c", folder / "loop.so"
    source.write_text(_C_LOOP)
    words = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(source)]
    if subprocess.run(words, capture_output=True, check=False).returncode != 0:
        return None
    loop = ctypes.CDLL(str(library)).loop
    loop.restype = ctypes.c_double
    loop.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulonglong,
        ctypes.c_char_p, ctypes.c_int, ctypes.c_int,
    ]  # fmt: skip
    result: Callable[..., float] = loop
    return result
