"""Bundles on the gateway's disk: the newest is decided by, the older are kept by hash.

Facts name bundles by hash, so a bundle outlives its rule as long as such facts are kept. Of deltas
and guest lists only the newest is kept, each in place of the one before.
"""

import contextlib
import logging
import os
import threading
from pathlib import Path

from crypto import bundle as bundles
from crypto import delta as deltas
from crypto import guests as guest_lists
from crypto.bundle import Bundle
from crypto.delta import Delta
from crypto.errors import BadBundle
from crypto.guests import GuestList
from crypto.keys import VerifyKey

log = logging.getLogger(__name__)
GUESTS = "guests.list"
LISTS = "lists.delta"


class BundleStore:
    """The folder `folder`; `key` is the centre's bundle key, `tenant` this gateway's tenant."""

    def __init__(self, folder: Path, key: VerifyKey, tenant: bytes) -> None:
        self._folder = folder
        self._key = key
        self._tenant = tenant
        # The centre and a sibling may bring a delta at the same time.
        self._lock = threading.Lock()
        self._lists_version = 0
        #: Version and bytes of the newest guest list, which siblings get.
        self.newest_guests: tuple[int, bytes] = (0, b"")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A crash while the list was written: the names in it may have been erased since.
        (folder / GUESTS).with_suffix(".part").unlink(missing_ok=True)

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

    def read_delta_untrusted(self, raw: bytes) -> Delta:
        """The content of a delta for this tenant. Raises `BadBundle`."""
        delta = deltas.read_untrusted(raw, self._key)
        if delta.tenant != self._tenant:
            raise BadBundle("this delta is for another tenant")
        return delta

    def lists(self, bundle_raw: bytes) -> tuple[Delta, bytes] | None:
        """The kept delta and its bytes if it is on the bundle of these bytes, else None."""
        try:
            raw = (self._folder / LISTS).read_bytes()
            delta = self.read_delta_untrusted(raw)
        except FileNotFoundError:
            return None
        except (OSError, BadBundle) as error:
            log.error("the kept delta is unusable", extra={"file": LISTS, "why": str(error)})
            return None
        return (delta, raw) if delta.base_hash == bundles.content_hash(bundle_raw) else None

    def keep_delta(self, delta: Delta, raw: bytes) -> None:
        """Write a delta that was read from `raw` in place of an older one, durably."""
        with self._lock:
            if delta.version > self._lists_version:
                self._write(LISTS, raw)
                self._lists_version = delta.version

    def read_guests_untrusted(self, raw: bytes) -> GuestList:
        """The content of a guest list for this tenant. Raises `BadBundle`."""
        found = guest_lists.read_untrusted(raw, self._key)
        if found.tenant != self._tenant:
            raise BadBundle("this guest list is for another tenant")
        return found

    def keep_guests(self, guests: GuestList, raw: bytes) -> bool:
        """Write a guest list in place of the one before, whose erased names are gone with it.

        False, and nothing, if it is not newer. Raises OSError when it could not be written: then it
        is the newest all the same, and nobody is given the one before any more.
        """
        with self._lock:
            if guests.version <= self.newest_guests[0]:
                return False
            self.newest_guests = (guests.version, raw)
            self._write(GUESTS, raw)
            return True

    def guests(self) -> GuestList | None:
        """The guest list in `guests.list` of the folder, as `central guests export` wrote it."""
        path = self._folder / GUESTS
        try:
            raw = path.read_bytes()
            found = self.read_guests_untrusted(raw)
        except FileNotFoundError:
            return None
        except (OSError, BadBundle) as error:
            log.error("the guest list is unusable", extra={"file": GUESTS, "why": str(error)})
            return None
        self.newest_guests = max(self.newest_guests, (found.version, raw))
        return found

    def keep(self, raw: bytes) -> None:
        """Write a bundle that was read from `raw`, durably and without a half-written file."""
        name = f"{bundles.content_hash(raw).hex()}.bundle"
        if not (self._folder / name).exists():
            self._write(name, raw)

    def _write(self, name: str, raw: bytes) -> None:
        temporary = (self._folder / name).with_suffix(".part")
        # Secrets of rotating codes and names of guests: for nobody else on this machine.
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(self._folder / name)
        with contextlib.closing(_Directory(self._folder)) as directory:
            os.fsync(directory.fd)


class _Directory:
    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def close(self) -> None:
        os.close(self.fd)
