"""`staff hash`: what a PIN becomes in the configuration."""

import getpass
import sys

from crypto.errors import BadPinHash
from crypto.pins import PIN_BYTES_MAX, hash_pin
from edge.commands.errors import BAD_DATA, CommandFailed


def make_hash(salt: bytes) -> int:
    """Ask for a PIN (twice at a terminal, else one line of standard input); print its hash."""
    if sys.stdin.isatty():
        pin = getpass.getpass("PIN: ")
        if pin != getpass.getpass("Again: "):
            raise CommandFailed("the two PINs differ; nothing was made", BAD_DATA)
    else:
        pin = sys.stdin.readline(PIN_BYTES_MAX + 2).removesuffix("\n")
    try:
        print(hash_pin(pin, salt))
    except BadPinHash as error:
        raise CommandFailed(str(error), BAD_DATA) from None
    return 0
