"""Models of band chips: what the memory does, what the air does to it.

`Ntag21x`, `UltralightEv1`, `UltralightC`, `UltralightAes` answer commands as the data sheets
say: NXP NTAG213_215_216 rev 3.2, MF0ULX1 rev 3.3, MF0ICU2 rev 3.3, MF0AES(H)20 rev 1.1. They
are synchronous and know no clock. Without the CRC, which the reader's chip adds and checks.

`type2` is what all share; `ntag` and `ultralight` speak the dialect of `password`, `ultralight_c`
and `ultralight_aes` prove keys, the latter with `secure_messaging`; `counting` are one-way
counters. The air: `faults` of an exchange, `tear` of a write. `store` keeps a band.
"""

from drivers.reader.chips.faults import Air, Fault, Mishap
from drivers.reader.chips.ntag import Ntag21x
from drivers.reader.chips.store import BadImage, copied, from_image_untrusted, image, make
from drivers.reader.chips.tear import TearPlan, Torn
from drivers.reader.chips.type2 import Type2
from drivers.reader.chips.ultralight import UltralightEv1
from drivers.reader.chips.ultralight_aes import UltralightAes
from drivers.reader.chips.ultralight_c import UltralightC

Band = Type2

__all__ = [
    "Air",
    "BadImage",
    "Band",
    "Fault",
    "Mishap",
    "Ntag21x",
    "TearPlan",
    "Torn",
    "Type2",
    "UltralightAes",
    "UltralightC",
    "UltralightEv1",
    "copied",
    "from_image_untrusted",
    "image",
    "make",
]
