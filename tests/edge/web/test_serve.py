"""The API as the daemon starts it: by the configuration, on the address it says, beside lanes."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config.faults import ConfigInvalid
from config.gateway import Gate, Lane, LocalApi, LocalTls
from config.gateway import Gateway as GatewayConfig
from config.runtime.listen import Connections
from config.staff import Staff
from edge.ledger.spares import Room
from edge.web.serve import serve_api
from tests.edge.web.house import PIN, House, code, person


class Shelf:
    """What the API asks of the ledger."""

    spares_count = 3
    room = Room.ALARM


def config(
    tmp_path: Path, bind: str, tls: LocalTls | None = None, staff: tuple[Staff, ...] = ()
) -> GatewayConfig:
    return GatewayConfig(
        name="north", identity_dir=str(tmp_path), gates=(Gate(1, "North"),),
        lanes=(Lane(1, "Left", 1),), timezone="UTC",
        local_api=LocalApi(bind, body_bytes_max=300, tls=tls), staff=staff,
    )  # fmt: skip


@pytest.mark.trio
@pytest.mark.parametrize("kind", ["tcp", "unix"])
async def test_it_serves_what_the_configuration_says(kind: str, tmp_path: Path) -> None:
    house = House()
    socket = tmp_path / "api.sock"
    bind = "127.0.0.1:0" if kind == "tcp" else f"unix:{socket}"
    counts = Connections(8)
    shelf: Any = Shelf()
    async with trio.open_nursery() as nursery:
        serve = partial(serve_api, house.gateway, config(tmp_path, bind), shelf, None, [], counts)
        (bound,) = await nursery.start(serve)
        path = {"uds": str(socket)} if kind == "unix" else {}
        base = "http://localhost" if kind == "unix" else f"http://{bound.host}:{bound.port}"
        transport = httpx2.AsyncHTTPTransport(**path)
        async with httpx2.AsyncClient(transport=transport, base_url=base) as client:
            answer = await client.post("/v1/lanes/2/presentations", json={"code": code()})
            assert answer.json()["decision"] == "admitted"
            large = await client.post("/v1/lanes/2/presentations", json={"code": "x" * 300})
            assert large.status_code == 413
            now = (await client.get("/v1/status")).json()
            figures = (await client.get("/metrics")).text
        assert (now["ledger"]["spares"], now["ledger"]["room"]) == (3, "alarm")
        assert now["uplink"] is None
        assert "gatehouse_http_connections_accepted_local 2.0" in figures
        nursery.cancel_scope.cancel()
    assert counts.crashed == 0


@pytest.mark.trio
async def test_stopping_it_is_no_crash(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    shelf: Any = Shelf()
    async with trio.open_nursery() as nursery:
        serve = partial(
            serve_api, house.gateway, config(tmp_path, "127.0.0.1:0"), shelf, None, [],
            Connections(8),
        )  # fmt: skip
        (bound,) = await nursery.start(serve)
        stream = await trio.open_tcp_stream("127.0.0.1", bound.port)
        await stream.send_all(b"GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b"200" in await stream.receive_some()
        nursery.cancel_scope.cancel()
    await stream.aclose()
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []
    assert not house.gateway.events._listeners


def browser_certificate(folder: Path) -> LocalTls:
    """A P-256 certificate for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gate")])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "c.pem").write_bytes(made.public_bytes(pem))
    raw = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    (folder / "c.key").write_bytes(raw)
    return LocalTls(str(folder / "c.pem"), str(folder / "c.key"))


@pytest.mark.trio
async def test_phones_sign_in_over_tls(tmp_path: Path) -> None:
    tls = browser_certificate(tmp_path)
    house = House()
    settings = config(tmp_path, "127.0.0.1:0", tls, (person(7, "Anna"),))
    shelf: Any = Shelf()
    async with trio.open_nursery() as nursery:
        serve = partial(serve_api, house.gateway, settings, shelf, None, [], Connections(8))
        (bound,) = await nursery.start(serve)
        trust = ssl.create_default_context(cafile=tls.certificate)
        base = f"https://127.0.0.1:{bound.port}"
        async with httpx2.AsyncClient(verify=trust, base_url=base, timeout=20) as client:
            assert (await client.get("/v1/status")).status_code == 401
            signed = await client.post("/v1/session", json={"name": "Anna", "pin": PIN})
            assert "secure" in signed.headers["set-cookie"].lower()
            assert (await client.get("/v1/status")).status_code == 200
        nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_a_certificate_that_cannot_be_used_is_said_at_the_start(tmp_path: Path) -> None:
    tls = browser_certificate(tmp_path)
    Path(tls.key).write_text("no key")
    shelf: Any = Shelf()
    settings = config(tmp_path, "127.0.0.1:0", tls)
    with pytest.raises(ConfigInvalid, match="c.pem: local_api.tls: cannot be used with key"):
        await serve_api(House().gateway, settings, shelf, None, [], Connections(8))
