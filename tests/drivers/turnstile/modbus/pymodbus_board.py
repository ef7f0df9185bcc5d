"""pymodbus as a relay board: an independent reading of the specification.

`python -m tests.drivers.turnstile.modbus.pymodbus_board [--pulses]`. Its input 2
is closed, its coils 1 and 5 are on at first. With --pulses a write at 0x0200 + relay is
echoed as it came, as Waveshare's firmware does; without, pymodbus takes it for a coil. Each
question is printed as a JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import struct
import sys
from typing import Any

from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import WriteSingleCoilRequest, WriteSingleCoilResponse
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice


class Echo(WriteSingleCoilResponse):
    """The answer to a pulse: the value as it came."""

    value = 0

    def encode(self) -> bytes:
        return struct.pack(">HH", self.address, self.value)


class PulseRequest(WriteSingleCoilRequest):
    """Function 5 that knows pulses."""

    value = 0

    def decode(self, data: bytes) -> None:
        super().decode(data)
        self.value = struct.unpack(">H", data[2:4])[0]

    async def datastore_update(self, context: Any, device_id: int) -> ModbusPDU:
        answer = Echo(
            address=self.address,
            bits=[True],
            dev_id=self.dev_id,
            transaction_id=self.transaction_id,
        )
        answer.value = self.value
        return answer


def say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def trace(sending: bool, pdu: ModbusPDU) -> ModbusPDU:
    if not sending:
        say(
            function=pdu.function_code,
            address=pdu.address,
            count=pdu.count,
            bits=[bool(bit) for bit in pdu.bits],
            value=getattr(pdu, "value", None),
            unit=pdu.dev_id,
        )
    return pdu


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pulses", action="store_true")
    options = parser.parse_args()
    coils = [at in (1, 5) for at in range(0x0200 + 8)]
    inputs = [at == 2 for at in range(24)]
    device = SimDevice(
        1,
        (
            [SimData(0, values=coils, datatype=DataType.BITS)],
            [SimData(0, values=inputs, datatype=DataType.BITS)],
            [SimData(0, values=0, datatype=DataType.REGISTERS)],
            [SimData(0, values=0, datatype=DataType.REGISTERS)],
        ),
    )
    server = ModbusTcpServer(
        device,
        address=("127.0.0.1", 0),
        trace_pdu=trace,
        custom_pdu=[PulseRequest] if options.pulses else None,
    )
    await server.serve_forever(background=True)
    say(ready=True, port=server.transport.sockets[0].getsockname()[1])
    # Ends with its input, that is with the test.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.shutdown()


if __name__ == "__main__":
    asyncio.run(main())
