"""Readers of bands: everything between a chip's memory and a till.

Five ideas:

- `band.py` has the words: `Chip`, `Sensed`, the protocol `Reader`, and what can go wrong.
- `tap.py` has what every reader does alike, on top of two calls, *activate* and *exchange*:
  classification, retries, coming back after a refusal, authentication, counters.
- `memory.py` is a reader without a wire: for tests, simulation and benchmarks.
- `chips/` are models of the chips, byte by byte, with everything that breaks at a bar.
- `fake.py` emulates bands for other people's readers; `nfcpy.py` uses the readers that nfcpy
  knows, in a supervised process of its own (`nfcpy_child.py`).

Nothing here knows what the bytes on a band mean.
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
