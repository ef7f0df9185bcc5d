"""Bounded scalars. Every number in a configuration has a unit in its name and a range here.

Patterns end in `$(?!\\n)`: Python's `$` alone would let a closing line end pass, and editors do
not know its `\\Z`. A `Meta(description=...)` is shown as the hint when a value does not fit, and by
editors.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

#: Lanes, gates and products are u16 and start at 1; 0 means "none" on the wire.
Number = Annotated[int, Meta(ge=1, le=65535)]
Port = Annotated[int, Meta(ge=1, le=65535)]

#: What people call a thing. Short, printable, no line breaks.
Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)",
        description="1 to 64 printable characters",
    ),
]
#: What machines call a thing: part of file names, metrics and certificates.
Slug = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$(?!\n)",
        description="1 to 63 of a-z, 0-9 and -, neither first nor last a -",
    ),
]
Host = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_.:%-]{1,253}$(?!\n)",
        description="a host name, an IPv4 or an IPv6 address, without port and brackets",
    ),
]
#: A folder. The loader makes it absolute: relative to the folder of the file that names it.
Folder = Annotated[
    str, Meta(min_length=1, max_length=4096, description="a folder", extra={"folder": True})
]
#: A file, made absolute like a folder.
File = Annotated[
    str, Meta(min_length=1, max_length=4096, description="a file", extra={"folder": True})
]
TimeOfDay = Annotated[
    str,
    Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)", description="a time of day as 06:00"),
]
HttpsUrl = Annotated[
    str,
    Meta(
        pattern=r"^https://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?/?$(?!\n)",
        max_length=300,
        description="https://host or https://host:port, without a path",
    ),
]
