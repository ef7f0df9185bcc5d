"""Bundles on the gateway's disk: the newest is decided by, the older are kept by hash.

Facts name bundles by hash, so a bundle outlives its rule as long as such facts are kept.
"""

import contextlib
import logging
import os
from pathlib import Path

from crypto import bundle as bundles
from crypto import guests as guest_lists
from crypto.bundle import Bundle
from crypto.errors import BadBundle
from crypto.guests import GuestList
from crypto.keys import VerifyKey

log = logging.getLogger(__name__)
GUESTS = "guests.list"


class BundleStore:
    """The folder `folder`; `key` is the centre's bundle key, `tenant` this gateway's tenant."""

    def __init__(self, folder: Path, key: VerifyKey, tenant: bytes) -> None:
        self._folder = folder
        self._key = key
        self._tenant = tenant
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def read_untrusted(self, raw: bytes) -> Bundle:
        """The content of a bundle for this tenant. Raises `BadBundle`."""
        bundle = bundles.read_untrusted(raw, self._key)
        if bundle.tenant != self._tenant:
            raise BadBundle("this bundle is for another tenant")
        return bundle

    def current(self) -> tuple[Bundle, bytes] | None:
        """The newest bundle on disk, or None (then the gate admits nobody, and says so)."""
        found: tuple[Bundle, bytes] | None = None
        for path in sorted(self._folder.glob("*.bundle")):
            try:
                raw = path.read_bytes()
                bundle = self.read_untrusted(raw)
            except (OSError, BadBundle) as error:
                log.error("a kept bundle is unusable", extra={"file": path.name, "why": str(error)})
                continue
            if found is None or bundle.version > found[0].version:
                found = (bundle, raw)
        return found

    def guests(self) -> GuestList | None:
        """The guest list in `guests.list` of the folder, as `central guests export` wrote it."""
        path = self._folder / GUESTS
        try:
            found = guest_lists.read_untrusted(path.read_bytes(), self._key)
            if found.tenant != self._tenant:
                raise BadBundle("this guest list is for another tenant")
        except FileNotFoundError:
            return None
        except (OSError, BadBundle) as error:
            log.error("the guest list is unusable", extra={"file": GUESTS, "why": str(error)})
            return None
        return found

    def keep(self, raw: bytes) -> None:
        """Write a bundle that was read from `raw`, durably and without a half-written file."""
        name = bundles.content_hash(raw).hex()
        target = self._folder / f"{name}.bundle"
        if target.exists():
            return
        temporary = self._folder / f"{name}.part"
        with open(temporary, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(target)
        with contextlib.closing(_Directory(self._folder)) as directory:
            os.fsync(directory.fd)


class _Directory:
    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def close(self) -> None:
        os.close(self.fd)
