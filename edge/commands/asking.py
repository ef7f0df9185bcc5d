"""How a command asks the running daemon: over TCP, TLS or a unix socket, and signed in or not.

The daemon's certificate is the one that its configuration names, to the byte: no authority has to
vouch for it, and a PIN is told to nobody else.
"""

import getpass
import http.client
import json
import socket
import ssl
import sys
from pathlib import Path
from typing import Any, Final

from config.binds import Bind, parse_bind
from config.gateway import Gateway
from config.load import load
from edge.commands.errors import UNAVAILABLE, USAGE, CommandFailed

TIMEOUT_S: Final = 5.0
ANSWER_BYTES_MAX: Final = 1 << 20
PIN_BYTES_MAX: Final = 256
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
#: Who listens on everybody's address also answers here.
_HERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over the unix socket at `path`."""

    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class _TlsConnection(http.client.HTTPSConnection):
    """HTTP over TLS with whoever has the certificate `expected` (DER), and with nobody else."""

    def __init__(self, host: str, port: int, timeout_s: float, expected: bytes) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the very certificate is compared instead
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        super().__init__(host, port, timeout=timeout_s, context=context)
        self._expected = expected

    def connect(self) -> None:
        super().connect()
        if self.sock.getpeercert(binary_form=True) != self._expected:
            self.close()
            problem = f"what answers at {self.host}:{self.port} has another certificate than"
            hint = "[local_api.tls] names; a daemon takes a new one when it starts again"
            raise CommandFailed(f"{problem} {hint}", UNAVAILABLE)


class Daemon:
    """The daemon at `address`; `certificate`: the PEM file that it speaks TLS with, if it does."""

    def __init__(self, address: Bind, certificate: Path | None = None) -> None:
        self._address = address
        self._expected = _read_certificate(certificate) if certificate is not None else b""
        self._cookie = ""

    def get(self, path: str, timeout_s: float = TIMEOUT_S) -> tuple[int, bytes]:
        """Status and body. Raises `CommandFailed` when nobody answers."""
        status, body, _ = self._ask("GET", path, b"", timeout_s)
        return status, body

    def sign_in(self, name: str, pin: str) -> None:
        """Ask as this person from now on. Raises `CommandFailed` when that is refused."""
        asked = json.dumps({"name": name, "pin": pin}).encode()
        status, body, cookie = self._ask("POST", "/v1/session", asked, TIMEOUT_S)
        if status != 200:
            answer = read(body)
            why = "; ".join(filter(None, (answer.get("detail"), answer.get("hint"))))
            raise CommandFailed(f"the sign-in is refused: {why or status}", UNAVAILABLE)
        self._cookie = cookie.partition(";")[0]

    def sign_out(self) -> None:
        """Nobody can use this sign-in any more; nothing is done without one."""
        if self._cookie:
            self._ask("DELETE", "/v1/session", b"", TIMEOUT_S)
            self._cookie = ""

    def _ask(
        self, method: str, path: str, body: bytes, timeout_s: float
    ) -> tuple[int, bytes, str]:  # fmt: skip
        """Status, body, and the cookie that was set."""
        connection = self._connection(timeout_s)
        headers = {"Content-Type": "application/json"} if body else {}
        if self._cookie:
            headers["Cookie"] = self._cookie
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            told = answer.read(ANSWER_BYTES_MAX)
            return answer.status, told, answer.getheader("Set-Cookie", "")
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            problem = f"no daemon answers at {self._address}: {reason}"
            raise CommandFailed(problem, UNAVAILABLE) from None
        finally:
            connection.close()

    def _connection(self, timeout_s: float) -> http.client.HTTPConnection:
        address = self._address
        if address.path:
            return _UnixConnection(address.path, timeout_s)
        host = _HERE.get(address.host, address.host)
        if self._expected:
            return _TlsConnection(host, address.port, timeout_s, self._expected)
        return http.client.HTTPConnection(host, address.port, timeout=timeout_s)


def daemon_of(config: Path | None, bind: str | None) -> Daemon:
    """The daemon that a configuration describes, or that listens on `bind` without TLS.

    Raises `ConfigInvalid`; `CommandFailed` for wrong words.
    """
    if config is not None and bind is None:
        api = load(config, Gateway).local_api
        return Daemon(api.address, Path(api.tls.certificate) if api.tls is not None else None)
    if bind is None or config is not None:
        raise CommandFailed("needs either --config FILE or --bind HOST:PORT", USAGE)
    try:
        return Daemon(parse_bind(bind))
    except ValueError as error:
        raise CommandFailed(f"--bind {bind}: {error}", USAGE) from None


def read(body: bytes) -> dict[str, Any]:
    """The JSON object in an answer. Raises `CommandFailed` where no daemon of ours answers."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        problem = "what answers there is not a Gatehouse daemon; [local_api] bind says where it is"
        raise CommandFailed(problem, UNAVAILABLE)
    return answer


def ask_pin(name: str) -> str:
    """The PIN of this person: typed unseen at a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass(f"PIN of {name}: ")
    return sys.stdin.readline(PIN_BYTES_MAX).removesuffix("\n")


def _read_certificate(file: Path) -> bytes:
    """The first certificate of a PEM file: the daemon's own."""
    try:
        text = file.read_text(encoding="ascii", errors="replace")
        begin = text.index(_BEGIN)
        return ssl.PEM_cert_to_DER_cert(text[begin : text.index(_END, begin) + len(_END)])
    except (OSError, ValueError) as error:
        problem = f"{file}: [local_api.tls] certificate cannot be read: {error}"
        raise CommandFailed(problem, UNAVAILABLE) from None
