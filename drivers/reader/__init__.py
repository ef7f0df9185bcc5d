"""Readers of bands: everything between a chip's memory and a till.

Five ideas:

- `band.py` has the words: `Chip`, `Sensed`, the protocol `Reader`, and what can go wrong.
- `tap.py` has what every reader does alike, on top of two calls, *activate* and *exchange*:
  classification, retries, coming back after a refusal, authentication, counters.
- `memory.py` is a reader without a wire: for tests, simulation and benchmarks.
- `polled.py` is what readers share that have to be asked whether a band is there.
- `ciphers.py` are the block ciphers of chips as a reader is handed them; `aes.py` and `des.py`
  those of this package itself, slow, for models and for whoever has none.
- `chips/` are models of the chips, byte by byte, with everything that breaks at a bar.
- `fake.py` emulates bands for other people's readers, and `udp.py` reads them without any of
  those; `nfcpy.py` uses the readers that nfcpy knows, in a supervised process of its own
  (`nfcpy_child.py`; `codec.py` their frames, `process.py` its life).

Nothing here knows what the bytes on a band mean.

Documents: NXP NTAG213_215_216 rev 3.2, MF0ULX1 rev 3.3, MF0ICU2 rev 3.3, MF0AES(H)20 rev 1.1;
ISO/IEC 14443-3 type A for states and selection; nfcpy 1.0.4 for its `udp` wire.

Config keys (arguments of `NfcpyReader`, `nfcpy_link`): path, python.
Fails by: the band (`BandError`: gone, refused, unsure, unknown; the reader stays), the reader
or its process (`drivers.errors`; it is started again, the tap is over).
Recovers by itself: lost and garbled answers are repeated after the band was activated and
authenticated again, increments never.
Not here yet: READ_SIG as a call, PN532, PC/SC; CMAC secure messaging of Ultralight AES is in the
model of the chip, and no reader of ours asks for it: we issue no band with it.
"""

from drivers.reader.band import (
    BandError,
    BandGone,
    BandRefused,
    BandUnknown,
    BandUnsure,
    Chip,
    Reader,
    Sensed,
)

__all__ = [
    "BandError",
    "BandGone",
    "BandRefused",
    "BandUnknown",
    "BandUnsure",
    "Chip",
    "Reader",
    "Sensed",
]
