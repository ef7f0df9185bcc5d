"""Real gateway processes for benchmarks: configured, started, read, stopped."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks import venue

START_S: Final = 60
STOP_S: Final = 10


class Running(msgspec.Struct):
    """A gateway that said it is ready; `ready` is what it wrote to the ready pipe."""

    process: "subprocess.Popen[bytes]"
    ready: dict[str, Any]

    @property
    def memory_bytes(self) -> int:
        """Resident memory of the process."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("the gateway has ended")

    @property
    def cpu_s(self) -> float:
        """Processor time that the process has used, all threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write_config(
    folder: Path, lanes: str, *, level: str = "warning", ledger: str = "", number: int = 0,
    gateways: int = 0,
) -> Path:  # fmt: skip
    """Enrol a gateway in `folder` and write its configuration; `lanes` is TOML.

    With `gateways` it is bench-`number` of so many siblings.
    """
    who = venue.gateway_id(number) if gateways else venue.GATEWAY
    venue.enrol(folder / "identity", gateway=who)
    venue.put_bundle(folder / "identity", gateways=gateways)
    path = folder / "gateway.toml"
    path.write_text(
        f'name = "bench"\nidentity_dir = "{folder / "identity"}"\ntimezone = "Europe/Vienna"\n'
        '[[gates]]\nnumber = 1\nname = "North"\n'
        f'{lanes}\n[local_api]\nbind = "127.0.0.1:0"\n[log]\nlevel = "{level}"\n'
        f"[ledger]\n{ledger}\n"
    )
    return path


@contextlib.contextmanager
def gateway(config: Path, module: str = "", words: Sequence[str] = ()) -> Iterator[Running]:
    """Start the daemon, wait until it is ready, stop it in order afterwards.

    `module` replaces the daemon by one that takes CONFIG and READY_FD, and then `words`.
    """
    reading, writing = os.pipe()
    called = ["edge", "run", "--config", str(config), "--ready-fd", str(writing)]
    if module:
        called = [module, str(config), str(writing), *words]
    process = subprocess.Popen(
        [sys.executable, "-m", *called], pass_fds=[writing], stdout=subprocess.DEVNULL
    )
    os.close(writing)
    try:
        with open(reading, "rb") as pipe:
            line = pipe.readline()
        if not line:
            raise RuntimeError(f"the gateway did not start (exit {process.wait(START_S)})")
        yield Running(process, json.loads(line))
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
