"""The words for what is sold: product, performance, gate, ticket, issuer (see `central.cli`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import App, Parameter

from central.cli import BORDER, DEFAULT_CONFIG, EXIT_CODES, Config, Force, Reason, run_loop

Number = Annotated[int | None, Parameter(help="its number; the next free one if left out")]
Texts = Annotated[tuple[str, ...], Parameter(negative_iterable="")]
product: Final = App(name="product", help_epilogue=EXIT_CODES)
performance: Final = App(name="performance", help_epilogue=EXIT_CODES)
gate: Final = App(name="gate", help_epilogue=EXIT_CODES)
ticket: Final = App(name="ticket", help_epilogue=EXIT_CODES)
issuer: Final = App(name="issuer", help_epilogue=EXIT_CODES)


@product.command(name="add")
def product_add(
    name: str, /, *, number: Number = None,
    reentry: Literal["none", "after_exit", "unlimited"] = "none", reentry_after_s: int = 0,
    config: Config = DEFAULT_CONFIG,
) -> int:  # fmt: skip
    """Record a product called NAME and publish it.

    Parameters
    ----------
    reentry
        Whether a ticket of it may come in again.
    reentry_after_s
        Least seconds between two entries.
    """
    from central.commands import catalogue

    return run_loop(catalogue.add_product(config, BORDER, number, name, reentry, reentry_after_s))


@product.command(name="change")
def product_change(
    product: str, /, *, name: str | None = None,
    reentry: Literal["none", "after_exit", "unlimited"] | None = None,
    reentry_after_s: int | None = None, config: Config = DEFAULT_CONFIG,
) -> int:  # fmt: skip
    """Change PRODUCT (number or name) and publish it. What is left out stays as it is."""
    from central.commands import changes

    return run_loop(changes.change_product(config, BORDER, product, name, reentry, reentry_after_s))


@product.command(name="list")
def product_list(*, config: Config = DEFAULT_CONFIG) -> int:
    """Every product, as JSON."""
    from central.commands import catalogue

    return run_loop(catalogue.list_products(config, BORDER))


@performance.command(name="add")
def performance_add(
    name: str, /, *, number: Number = None, starts: str | None = None, ends: str | None = None,
    admission: str | None = None, config: Config = DEFAULT_CONFIG,
) -> int:  # fmt: skip
    """Record a performance called NAME and publish it.

    Parameters
    ----------
    starts
        As 2026-07-04T20:00+02:00, or unix seconds; open if left out, like the others.
    ends
        End of the performance; nobody is admitted from then on.
    admission
        Doors.
    """
    from central.commands import catalogue

    return run_loop(
        catalogue.add_performance(config, BORDER, number, name, starts, ends, admission)
    )


@performance.command(name="change")
def performance_change(
    performance: str, /, *, name: str | None = None, starts: str | None = None,
    ends: str | None = None, admission: str | None = None, config: Config = DEFAULT_CONFIG,
) -> int:  # fmt: skip
    """Change PERFORMANCE (number or name) and publish it. What is left out stays as it is.

    Parameters
    ----------
    starts
        As 2026-07-04T20:00+02:00, or unix seconds; 0 = open, like the others.
    """
    from central.commands import changes

    return run_loop(
        changes.change_performance(config, BORDER, performance, name, starts, ends, admission)
    )


@performance.command(name="list")
def performance_list(*, config: Config = DEFAULT_CONFIG) -> int:
    """Every performance with the codes issued for it, as JSON."""
    from central.commands import catalogue

    return run_loop(catalogue.list_performances(config, BORDER))


@gate.command(name="add")
def gate_add(
    name: str, /, *, number: Number = None, product: Texts = (), performance: Texts = (),
    config: Config = DEFAULT_CONFIG,
) -> int:  # fmt: skip
    """Record a gate called NAME and publish it.

    Parameters
    ----------
    product
        A product it admits (number or name), may be repeated; all if left out.
    performance
        A performance it admits (number or name), may be repeated; all if left out.
    """
    from central.commands import catalogue

    return run_loop(catalogue.add_gate(config, BORDER, number, name, product, performance))


@gate.command(name="change")
def gate_change(
    gate: str, /, *, name: str | None = None, product: Texts = (), performance: Texts = (),
    config: Config = DEFAULT_CONFIG,
) -> int:  # fmt: skip
    """Change GATE (number or name) and publish it. What is left out stays as it is.

    Parameters
    ----------
    product
        A product it admits from now on, may be repeated; `any` for all.
    performance
        A performance it admits from now on, may be repeated; `any` for all.
    """
    from central.commands import changes

    return run_loop(changes.change_gate(config, BORDER, gate, name, product, performance))


@gate.command(name="list")
def gate_list(*, config: Config = DEFAULT_CONFIG) -> int:
    """Every gate, as JSON."""
    from central.commands import catalogue

    return run_loop(catalogue.list_gates(config, BORDER))


@ticket.command
def issue(
    *, performance: str, product: str, count: int = 1, out: Path, png: Path | None = None,
    persons: int = 1, valid_from: str | None = None, valid_until: str | None = None,
    prefix: str = "", rotating: Annotated[bool, Parameter(negative="")] = False,
    force: Force = False, config: Config = DEFAULT_CONFIG,
) -> int:  # fmt: skip
    """Issue ticket codes into a file, one a line.

    Parameters
    ----------
    performance
        Number or name; `any` for every performance.
    product
        Number or name.
    out
        The file of codes.
    png
        A folder for QR pictures, 000001.png and so on.
    persons
        Persons each code admits, 1 to 255.
    valid_from
        As 2026-07-04T18:00+02:00, or unix seconds.
    valid_until
        The same, exclusive.
    prefix
        An upper-case address ending in /, which a phone's camera opens.
    rotating
        Gates take the code only with a suffix that changes every half minute (`ticket rotate`),
        so that a picture of it is worth nothing.
    """
    from central.commands import tickets

    return run_loop(
        tickets.issue(
            config, BORDER, performance=performance, product=product, count=count, out=out,
            png=png, persons=persons, valid_from=valid_from, valid_until=valid_until,
            prefix=prefix, rotating=rotating, force=force,
        )
    )  # fmt: skip


@ticket.command
def reissue(
    ticket: str, /, *, out: Path | None = None, prefix: str = "", force: Force = False,
    config: Config = DEFAULT_CONFIG,
) -> int:  # fmt: skip
    """Issue a new code for TICKET (a code, or issuer:hex); its older codes count no more.

    Parameters
    ----------
    out
        Write the new code into this file instead of the answer.
    prefix
        An upper-case address ending in /, which a phone's camera opens.
    """
    from central.commands import tickets

    return run_loop(tickets.reissue(config, BORDER, ticket, out, prefix, force))


@ticket.command
def rotate(code: str, /, *, config: Config = DEFAULT_CONFIG) -> int:
    """Print a rotating CODE with its suffix of this half minute, as the guest's phone shows it."""
    from central.commands import tickets

    return run_loop(tickets.rotate(config, BORDER, code))


def _deny(
    name: str,
    kind: Literal["revoked", "canceled", "blocked", "unapproved", "unpaid"],
    stands: bool,
    text: str,
) -> None:
    def command(
        ticket: str, /, *more: str, reason: Reason = "", config: Config = DEFAULT_CONFIG
    ) -> int:
        from central.commands import tickets

        return run_loop(tickets.deny_all(config, BORDER, (ticket, *more), kind, stands, reason))

    command.__doc__ = f"{text} TICKET is a code, or issuer:hex as we print it; several may follow."
    ticket.command(command, name=name)


_deny("revoke", "revoked", True, "Every code issued for it up to now is replaced.")
_deny("cancel", "canceled", True, "It was cancelled or refunded and admits nobody.")
_deny("block", "blocked", True, "It admits nobody until unblocked.")
_deny("unblock", "blocked", False, "It counts again.")
_deny("unapproved", "unapproved", True, "Its order waits for approval and admits nobody yet.")
_deny("approved", "unapproved", False, "Its order is approved.")
_deny("unpaid", "unpaid", True, "Its order waits for money and admits nobody yet.")
_deny("paid", "unpaid", False, "It is paid.")


@issuer.command
def add_pretix(
    *, name: str, key: Annotated[tuple[str, ...], Parameter(allow_leading_hyphen=True)],
    row: Texts = (), product: str | None = None, performance: str = "any",
    config: Config = DEFAULT_CONFIG,
) -> int:  # fmt: skip
    """Admit the codes of a pretix shop, and publish it.

    Parameters
    ----------
    name
        Short name, the first part of its tickets' identities.
    key
        Its public key as hex, PEM or base64 (as its settings show it), or @FILE; may be repeated.
    row
        item=1,variation=*,subevent=*,product=2,performance=3: the shop's numbers in ours; may be
        repeated, the most specific counts.
    product
        For rows that name none.
    performance
        For rows that name none.
    """
    from central.commands import issuers

    return run_loop(
        issuers.add_pretix(
            config, BORDER, name=name, keys=key, product=product, performance=performance,
            rows=row,
        )
    )  # fmt: skip


@issuer.command(name="list")
def issuer_list(*, config: Config = DEFAULT_CONFIG) -> int:
    """Every issuer with keys and mapping, as JSON."""
    from central.commands import issuers

    return run_loop(issuers.list_all(config, BORDER))
