"""The words for money: prices, wallets, credit keys, codes, presale, badges (see `central.cli`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from central.cli import BORDER, DEFAULT_CONFIG, EXIT_CODES, Config, Force, Reason, run_loop

cashless: Final = App(name="cashless", help_epilogue=EXIT_CODES)
credit_key: Final = App(name="credit-key", help_epilogue=EXIT_CODES)
codes: Final = App(name="codes", help_epilogue=EXIT_CODES)
presale: Final = App(name="presale", help_epilogue=EXIT_CODES)
wallet: Final = App(name="wallet", help_epilogue=EXIT_CODES)
badge: Final = App(name="badge", help_epilogue=EXIT_CODES)
merchant: Final = App(name="merchant", help_epilogue=EXIT_CODES)

Band = Annotated[
    str,
    Parameter(
        help="UID (with colons it can be nothing else), medium, or first digits of the medium:"
        " 4 or more; receipts show eight"
    ),
]
BandInHand = Annotated[str, Parameter(help="UID of the band, or its medium (32 digits)")]


@cashless.command(name="set")
def cashless_set(file: Path, /, *, config: Config = DEFAULT_CONFIG) -> int:
    """From now on tills decide by FILE (TOML); publish it.

    It takes the place of what was set before; config/prices.example.toml shows all it may say. The
    first time the keys of the event's bands are made, in the centre's folder of keys: back that
    folder up.
    """
    from central.commands import cashless

    return run_loop(cashless.set_prices(config, BORDER, file))


@cashless.command(name="show")
def cashless_show(*, config: Config = DEFAULT_CONFIG) -> int:
    """What tills decide by, as JSON, without keys."""
    from central.commands import cashless

    return run_loop(cashless.show_prices(config, BORDER))


@cashless.command(name="rotate-key")
def cashless_rotate(*, config: Config = DEFAULT_CONFIG) -> int:
    """Bands are written with a new debit key from the next bundle on; old ones are still read."""
    from central.commands import cashless

    return run_loop(cashless.rotate_key(config, BORDER))


@credit_key.command(name="add")
def key_add(
    gateway: str, public: str, /, *, limit: str = "0", config: Config = DEFAULT_CONFIG
) -> int:
    """Let GATEWAY (name, index or id) credit bands with the key whose public half is PUBLIC.

    Parameters
    ----------
    public
        64 hex digits, as `gatehouse edge wallet credit-key new` prints them.
    limit
        Most it may credit in all, as 5000.00; 0: no limit.
    """
    from central.commands import cashless

    return run_loop(cashless.add_key(config, BORDER, gateway, public, limit))


@credit_key.command(name="list")
def key_list(*, config: Config = DEFAULT_CONFIG) -> int:
    """Keys of top-up points, as JSON."""
    from central.commands import cashless

    return run_loop(cashless.list_keys(config, BORDER))


@credit_key.command(name="revoke")
def key_revoke(index: int, /, *, reason: Reason = "", config: Config = DEFAULT_CONFIG) -> int:
    """Take nothing of key INDEX any more beyond what was settled until now."""
    from central.commands import cashless

    return run_loop(cashless.revoke_key(config, BORDER, index, reason))


@codes.command(name="make")
def codes_make(
    *, count: int, amount: str, out: Path, force: Force = False, config: Config = DEFAULT_CONFIG
) -> int:
    """Write COUNT codes, each worth AMOUNT (as 20.00), to OUT, one a line.

    The centre keeps their hashes alone: OUT is the only place where the codes stand.
    """
    from central.commands import cashless

    return run_loop(cashless.make_codes(config, BORDER, count, amount, out, force))


@presale.command(name="import")
def presale_import(file: Path, /, *, config: Config = DEFAULT_CONFIG) -> int:
    """Import FILE, a CSV with the columns order, amount, band (UID) or medium, and code.

    It is taken whole or not at all, and after an interruption the same file is imported again. The
    same order twice is credited once (`repeated`); with another amount it is refused by name. Hold
    `amount_minor` of the answer against what the shop says that it sold. Without a band the credit
    waits for `presale bind`, or until somebody types the order's code (a secret of the guest, 8
    letters and digits or more) at a top-up point, also offline. Codes are kept as hashes.
    """
    from central.commands import presale

    return run_loop(presale.import_presale(config, BORDER, file))


@presale.command(name="bind")
def presale_bind(order: str, band: BandInHand, /, *, config: Config = DEFAULT_CONFIG) -> int:
    """Give the credit of ORDER to BAND, once and for all."""
    from central.commands import presale

    return run_loop(presale.bind(config, BORDER, order, band))


@wallet.command(name="list")
def wallet_list(*, config: Config = DEFAULT_CONFIG) -> int:
    """Balance of every wallet by what is booked, as JSON."""
    from central.commands import wallets

    return run_loop(wallets.list_all(config, BORDER))


@wallet.command(name="show")
def wallet_show(band: Band, /, *, config: Config = DEFAULT_CONFIG) -> int:
    """Balance, blocks, replacements, unexplained steps, credits and every fact of BAND, as JSON.

    `at` is the local time of the gateway, `where` says its name and the number of the till.
    """
    from central.commands import wallets

    return run_loop(wallets.show_one(config, BORDER, band))


@wallet.command(name="block")
def wallet_block(band: Band, /, *, reason: Reason = "lost", config: Config = DEFAULT_CONFIG) -> int:
    """Refuse BAND wherever the next bundle comes; its money stays where it is."""
    from central.commands import wallets

    return run_loop(wallets.block(config, BORDER, band, reason))


@wallet.command(name="unblock")
def wallet_unblock(band: Band, /, *, config: Config = DEFAULT_CONFIG) -> int:
    """Lift the block of BAND, also one that a gateway has set before now."""
    from central.commands import wallets

    return run_loop(wallets.unblock(config, BORDER, band))


@wallet.command(name="hold")
def wallet_hold(band: Band, amount: str, /, *, config: Config = DEFAULT_CONFIG) -> int:
    """Keep AMOUNT (as 12.50) of BAND from being spent; 0 lets it go."""
    from central.commands import wallets

    return run_loop(wallets.hold(config, BORDER, band, amount))


@wallet.command(name="release")
def wallet_release(band: Band, /, *, reason: Reason, config: Config = DEFAULT_CONFIG) -> int:
    """Give the new band what was held back when it took the place of a lost one, at once.

    It happens by itself once every gateway refuses the old band and has settled past that, or was
    revoked: `wallet show` says who is awaited. What a gateway that is still away brings of the old
    band afterwards is a loss.

    BAND is the old one or the new one, REASON why nobody is waited for.
    """
    from central.commands import wallets

    return run_loop(wallets.release(config, BORDER, band, reason))


@wallet.command(name="totals")
def wallet_totals(*, config: Config = DEFAULT_CONFIG) -> int:
    """What is booked on all wallets and by account (debits positive), as JSON.

    All blocks are read and booked anew: `differences` names wallets of which the rows say another
    thing, `split_open` counts baskets of which a part was never paid, `unexplained` sums up what
    bands show that no fact explains. Exit 1 when it does not add up, or such an amount is proven.
    All of it is of one moment, also while bars sell; a million sales take a minute or two.
    """
    from central.commands import wallets

    return run_loop(wallets.totals(config, BORDER))


@wallet.command(name="forks")
def wallet_forks(*, config: Config = DEFAULT_CONFIG) -> int:
    """Proven clones of bands and where the proof stands, as JSON; exit 1 when there are some.

    `proof` names both debits: when, where, and the log and seq of the signed facts. A copy that a
    gateway alone could see has no `band_seq`.
    """
    from central.commands import wallets

    return run_loop(wallets.forks(config, BORDER))


@wallet.command(name="doubts")
def wallet_doubts(*, config: Config = DEFAULT_CONFIG) -> int:
    """What is not settled, as JSON, oldest first.

    `in_doubt`: debits that nobody knows the end of; the next tap of the band settles one.
    `conflicts`: what gateways have found that cannot both be right: a code or a grant used twice
    (voucher), more spent than there was (overdrawn), a sale taken back twice (reversed_twice).
    `replaced`: lost bands of which something is still held back, with whom that waits for, or was
    lost. `unexplained`: what was written onto bands without a fact, with who saw it first and who
    may still explain it; see `docs/cashless.md`.
    """
    from central.commands import wallets

    return run_loop(wallets.doubts(config, BORDER))


@badge.command(name="add")
def badge_add(band: BandInHand, operator: int, /, *, config: Config = DEFAULT_CONFIG) -> int:
    """Let the person with the number OPERATOR in the gateways' [[staff]] sign in by BAND.

    BAND must have been issued at a desk. One that can be copied (NTAG, Ultralight
    EV1) signs in sellers only; all others need a band with a key of its own, or their PIN.
    """
    from central.commands import badges

    return run_loop(badges.add(config, BORDER, band, operator))


@badge.command(name="remove")
def badge_remove(band: BandInHand, /, *, config: Config = DEFAULT_CONFIG) -> int:
    """BAND signs nobody in any more wherever the next bundle comes."""
    from central.commands import badges

    return run_loop(badges.remove(config, BORDER, band))


@badge.command(name="list")
def badge_list(*, config: Config = DEFAULT_CONFIG) -> int:
    """Badges and whose they are, as JSON."""
    from central.commands import badges

    return run_loop(badges.list_all(config, BORDER))


@merchant.command(name="statement")
def merchant_statement(
    *, merchant: int | None = None, from_: Annotated[str, Parameter(name="--from")] = "",
    to: str = "", csv: Path | None = None, force: Force = False,
    config: Config = DEFAULT_CONFIG,
) -> int:  # fmt: skip
    """What is owed to those who sell at our tills, per business day and in all, as JSON.

    All of their lines count: goods, their own deposit, tips, less what was given away, reversed or
    refunded. A commission is set in the file of prices (`commission_bp`, 1500 = 15 %).

    Parameters
    ----------
    merchant
        Only of this one, by its number in the file of prices.
    from_
        First business day, as 2026-07-03.
    to
        Last business day.
    csv
        Write the statements there as well, as a table.
    """
    from central.commands import merchants

    return run_loop(merchants.print_statement(config, BORDER, merchant, from_, to, csv, force))
