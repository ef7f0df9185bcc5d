"""Files of rows that people hand over: CSV with a head, from a shop or a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Sequence

from central.commands.errors import BAD_DATA, CommandFailed


def _known(
    names: Sequence[str], columns: Collection[str], needed: Collection[str], hint: str
) -> None:
    """Raises CommandFailed for the first fault of a head."""
    for at, name in enumerate(names):
        if not name:
            raise CommandFailed(f"column {at + 1} has no name: take it out; {hint}", BAD_DATA)
        if name not in columns:
            raise CommandFailed(f"a column {name!r} is not known: {hint}", BAD_DATA)
        if name in names[:at]:
            raise CommandFailed(f"the column {name!r} stands there twice: {hint}", BAD_DATA)
    lacking = [name for name in needed if name not in names]
    if lacking:
        raise CommandFailed(f"there is no column {', '.join(lacking)}: {hint}", BAD_DATA)


def csv_rows(
    text: str, columns: Collection[str], needed: Collection[str], hint: str
) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, cells by column) of every row that says anything; separated by commas or semicolons.

    Raises CommandFailed for a column that is not among `columns` or stands twice, or one of
    `needed` that is missing, with `hint`; and for a line that cannot be read, or that has more
    cells than there are columns, by its number.
    """
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in head else ",", strict=True)
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    # A spreadsheet ends its lines with separators where a cell was used and emptied.
    while names and not names[-1]:
        names.pop()
    reader.fieldnames = names
    _known(names, columns, needed, hint)
    try:
        for row in reader:
            # An amount as 5,50 between commas would be read as 5.
            if any(cell.strip() for cell in row.get(None) or ()):
                hint = f"more than {len(names)} cells; one with a comma in it stands in quotes"
                raise CommandFailed(f"line {reader.line_num}: {hint}", BAD_DATA)
            cells = {k: (v or "").strip() for k, v in row.items() if isinstance(k, str)}
            if any(cells.values()):
                yield reader.line_num, cells
    except csv.Error as error:
        raise CommandFailed(f"line {reader.reader.line_num}: {error}", BAD_DATA) from error
