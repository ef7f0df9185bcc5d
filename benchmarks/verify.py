"""The offline decision: text → decode → verify → lists and history → decision, on one core.

Reference: Ed25519 verification by the same libsodium in a C loop, compiled on the spot when a C
compiler is there; else the bare cffi call in a Python loop, which reaches 0.98 of it.
"""

import ctypes
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
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
double loop(verify_t verify, const unsigned char *signature, const unsigned char *message,
            unsigned long long length, const unsigned char *key, int count) {
  struct timespec a, b; int bad = 0;
  clock_gettime(CLOCK_MONOTONIC, &a);
  for (int i = 0; i < count; i++) bad += verify(signature, message, length, key) != 0;
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
        reference, against = _reference(Path(folder), key, codes[0])
        found = alternate(
            {
                "reference": reference,
                "decision": lambda: _decisions(state, policy, codes),
                "signature": lambda: _signatures(key, codes),
            },
            rounds,
        )
    rates = {name: [1 / seconds for seconds in values] for name, values in found.items()}
    ratio = paired_ratio(rates["decision"], rates["reference"])
    return Report(
        bench="verify",
        rows=[
            Row(name=against, value=median(rates["reference"]), unit="1/s",
                spread=spread(rates["reference"])),
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


def _reference(folder: Path, key: keys.SigningKey, code: bytes) -> tuple[Round, str]:
    signed = ticket.decode_untrusted(code)
    message = keys.TICKET_DOMAIN + signed.payload
    c_loop = _compile(folder)
    if c_loop is not None:
        verify = ctypes.CDLL(_sodium.__file__).crypto_sign_verify_detached

        def compiled() -> float:
            seconds: float = c_loop(
                verify, signed.signature, message, len(message), key.public, TICKETS
            )
            assert seconds > 0
            return seconds

        return compiled, "libsodium in a C loop (reference)"
    call, ffi = _sodium.lib.crypto_sign_open, _sodium.ffi
    out, length = ffi.new("unsigned char[]", 512), ffi.new("unsigned long long *")
    whole = signed.signature + message

    def python_loop() -> float:
        started = time.perf_counter()
        for _ in range(TICKETS):
            call(out, length, whole, len(whole), key.public)
        return (time.perf_counter() - started) / TICKETS

    return python_loop, "libsodium through cffi (reference; no C compiler here)"


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
        ctypes.c_char_p, ctypes.c_int,
    ]  # fmt: skip
    result: Callable[..., float] = loop
    return result
