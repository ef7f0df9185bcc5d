"""`wallet credit-key new`: the key by which a top-up point signs what is on bands."""

import json
import os
from pathlib import Path

from crypto.keys import SigningKey
from edge.commands.errors import CANNOT_CREATE, STORAGE_FAILED, CommandFailed


def new_credit_key(file: Path, seed: bytes) -> int:
    """Write `seed` (32 bytes) to a file that only its owner reads; print the public key."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as stream:
            stream.write(seed.hex().encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
    except FileExistsError:
        text = f"{file} exists already; a key is never written over"
        raise CommandFailed(text, CANNOT_CREATE) from None
    except OSError as error:
        raise CommandFailed(f"{file} cannot be written: {error}", STORAGE_FAILED) from None
    print(json.dumps({"public": SigningKey(seed).public.hex(), "file": str(file)}))
    return 0
