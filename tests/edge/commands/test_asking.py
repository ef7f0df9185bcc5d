"""A command and the real local API: signed in over TLS, and with no daemon but the one it means."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import trio

from config.binds import Bind
from config.gateway import LocalTls
from config.runtime.listen import Connections
from config.staff import Staff
from edge.commands import asking, status
from edge.commands.asking import Daemon, daemon_of, read
from edge.commands.errors import CommandFailed
from edge.peers.rows import SiblingRow
from edge.web.serve import serve_api
from tests.edge.web.house import PIN, House, person
from tests.edge.web.test_serve import Shelf, browser_certificate, config


@asynccontextmanager
async def serving(
    folder: Path, house: House, bind: str, tls: LocalTls | None = None, *staff: Staff
) -> AsyncIterator[Bind]:
    shelf: Any = Shelf()
    settings = config(folder, bind, tls, staff)
    async with trio.open_nursery() as nursery:
        serve = partial(serve_api, house.gateway, settings, shelf, None, [], Connections(8))
        (bound,) = await nursery.start(serve)
        with trio.fail_after(30):
            yield bound
        nursery.cancel_scope.cancel()


class Siblings:
    """What the status asks of `Links`."""

    def rows(self) -> list[SiblingRow]:
        south = SiblingRow(
            "0b" * 16, "south", False, True, True, 0.1, "", 3, 0, 9, 0, 1, False, {}, "", "same"
        )
        return [south]

    def warnings(self) -> list[str]:
        return []


@pytest.mark.trio
async def test_who_signs_in_over_tls_is_told_of_siblings_and_signed_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tls, house = browser_certificate(tmp_path), House()
    house.gateway.siblings = Siblings()  # type: ignore[assignment]
    staff = (person(7, "Anna"), person(8, "Cleo"))
    async with serving(tmp_path, house, "0.0.0.0:0", tls, *staff) as bound:
        daemon = Daemon(bound, Path(tls.certificate))
        monkeypatch.setattr(status, "daemon_of", lambda config, bind: daemon)

        async def ask(name: str | None, pin: str = "") -> int:
            monkeypatch.setattr("sys.stdin", io.StringIO(f"{pin}\n"))
            return await trio.to_thread.run_sync(status.peers, None, None, name)

        assert await ask("anna", PIN) == 0
        assert '"south"' in capsys.readouterr().out
        with pytest.raises(CommandFailed, match="people sign in here: say who asks by --staff"):
            await ask(None)  # the sign-in before is over
        with pytest.raises(CommandFailed, match="the sign-in is refused: this name and PIN do not"):
            await ask("bert", PIN)
        await trio.to_thread.run_sync(daemon.sign_in, "cleo", PIN)
        cookie = daemon._cookie
        await trio.to_thread.run_sync(daemon.sign_out)
        daemon._cookie = cookie  # it serves nobody any more, whoever has it
        assert (await trio.to_thread.run_sync(daemon.get, "/v1/status"))[0] == 401
        (tmp_path / "other").mkdir()
        stranger = Daemon(bound, Path(browser_certificate(tmp_path / "other").certificate))
        with pytest.raises(CommandFailed, match=r"another certificate than \[local_api.tls\]"):
            await trio.to_thread.run_sync(stranger.sign_in, "anna", PIN)
    assert PIN not in capsys.readouterr().err


@pytest.mark.trio
async def test_where_nobody_signs_in_that_is_said(tmp_path: Path) -> None:
    socket = tmp_path / "api.sock"
    async with serving(tmp_path, House(), f"unix:{socket}") as bound:
        daemon = Daemon(bound)
        code, body = await trio.to_thread.run_sync(daemon.get, "/v1/session")
        assert (code, read(body)["needed"]) == (200, False)
        with pytest.raises(CommandFailed, match="nobody signs in here"):
            await trio.to_thread.run_sync(daemon.sign_in, "anna", PIN)
        await trio.to_thread.run_sync(daemon.sign_out)  # nothing to end


def test_the_configuration_says_where_and_by_which_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = browser_certificate(tmp_path)
    file = tmp_path / "gateway.toml"
    file.write_text(resources.files("config").joinpath("gateway.example.toml").read_text("utf-8"))
    monkeypatch.setenv("GATEHOUSE__LOCAL_API__TLS__CERTIFICATE", tls.certificate)
    monkeypatch.setenv("GATEHOUSE__LOCAL_API__TLS__KEY", tls.key)
    assert daemon_of(file, None)._expected == asking._read_certificate(Path(tls.certificate)) != b""
    Path(tls.certificate).write_text("no certificate")
    with pytest.raises(CommandFailed, match="certificate cannot be read"):
        daemon_of(file, None)
