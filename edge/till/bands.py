"""A band through a reader: authenticated, read whole, written page by page."""

from crypto.medium import CHIPS, FIRST_PAGE
from crypto.medium_keys import ChipSecrets
from drivers.reader import BandRefused, Reader, Sensed
from edge.core.wallet_words import Tap, Writes


async def read_band(reader: Reader, sensed: Sensed, secrets: ChipSecrets) -> Tap:
    """What the band in the field says. Raises `BandGone` and the errors of a reader.

    A chip that refuses our key or password is read all the same: it may be a blank one.
    """
    chip = sensed.chip.name
    plan = CHIPS[chip]
    authenticated = False
    try:
        if plan.authenticates:
            await reader.authenticate(secrets.key)
            authenticated = True
        else:
            authenticated = await reader.password(secrets.password) == secrets.pack
    except BandRefused:
        authenticated = False
    return await read_again(reader, Tap(sensed.uid, chip, b"", 0, authenticated))


async def read_again(reader: Reader, tap: Tap) -> Tap:
    """The same band once more, after something was written. Raises as `read_band`."""
    plan = CHIPS[tap.chip]
    counter = 0
    try:
        image = await reader.read(FIRST_PAGE, plan.last_page)
        if plan.counts:
            counter = await reader.counter()
    except BandRefused:
        image = b""
    return Tap(tap.uid, tap.chip, image, counter, tap.authenticated)


async def write_band(reader: Reader, writes: Writes) -> None:
    """Write these pages in their order. Raises `BandGone`, `BandRefused`."""
    for page, data in writes:
        await reader.write(page, data)
