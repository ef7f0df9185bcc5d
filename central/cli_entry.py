"""The words for entry: terms and guests (see `central.cli`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from central.cli import BORDER, DEFAULT_CONFIG, EXIT_CODES, Config, run_loop

terms: Final = App(name="terms", help_epilogue=EXIT_CODES)
guests: Final = App(name="guests", help_epilogue=EXIT_CODES)


@terms.command(name="set")
def terms_set(file: Path, /, *, config: Config = DEFAULT_CONFIG) -> int:
    """From now on the terms in FILE (TOML or JSON) count; publish them.

    They take the place of all terms that were set before. Unpaid and unapproved tickets that
    `ticket` keeps are added to those of the file. config/terms.example.toml shows all it may say.
    """
    from central.commands import entry

    return run_loop(entry.set_terms(config, BORDER, file))


@terms.command(name="show")
def terms_show(*, config: Config = DEFAULT_CONFIG) -> int:
    """The terms in force, as JSON."""
    from central.commands import entry

    return run_loop(entry.show_terms(config, BORDER))


@guests.command(name="import")
def guests_import(
    file: Path, /, *, replace: Annotated[bool, Parameter(negative="")] = False,
    config: Config = DEFAULT_CONFIG,
) -> int:  # fmt: skip
    """Import FILE, a CSV with the columns name, key, ticket, product, birthday, note.

    Only name is needed. Twice is once: a row with the same key takes the place of the older one.

    Parameters
    ----------
    replace
        Guests that are not in FILE are erased.
    """
    from central.commands import entry

    return run_loop(entry.import_guests(config, BORDER, file, replace))


@guests.command(name="list")
def guests_list(*, config: Config = DEFAULT_CONFIG) -> int:
    """Every guest, as JSON."""
    from central.commands import entry

    return run_loop(entry.list_guests(config, BORDER))


@guests.command(name="erase")
def guests_erase(key: str, /, *more: str, config: Config = DEFAULT_CONFIG) -> int:
    """Forget the guest KEY; several may follow."""
    from central.commands import entry

    return run_loop(entry.erase_guests(config, BORDER, (key, *more)))


@guests.command(name="export")
def guests_export(out: Path, /, *, config: Config = DEFAULT_CONFIG) -> int:
    """Write the signed list to OUT, to be carried to a gateway."""
    from central.commands import entry

    return run_loop(entry.export_guests(config, BORDER, out))
