"""JSON Schema for editors, and what `config check FILE` and `config schema` do in both CLIs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import msgspec

from config.faults import EXIT_CONFIG_INVALID
from config.load import Also, check

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema of a configuration file (`Gateway` or `Central`).

    Cross checks (numbers used twice, unknown gates) are beyond it: `config check` has them.
    """
    (reference,), definitions = msgspec.json.schema_components(
        [kind], ref_template="#/$defs/{name}"
    )
    # A default that is computed (a folder, a time) is shown as the empty value it is stored as,
    # which the bounds forbid: better not shown.
    for definition in definitions.values():
        for schema in definition.get("properties", {}).values():
            least = schema.get("minLength", schema.get("minimum", 0))
            if schema.get("default") in ("", 0.0) and least > 0:
                del schema["default"]
    return {"$schema": DIALECT, "title": kind.__name__, **reference, "$defs": definitions}


def schema_command(kind: type[msgspec.Struct], out: TextIO | None = None) -> int:
    """`config schema`: print the JSON Schema. Returns the exit code, 0."""
    print(json.dumps(json_schema(kind), indent=2, ensure_ascii=False), file=out or sys.stdout)
    return 0


def check_command(
    file: str | Path,
    kind: type[msgspec.Struct],
    *,
    as_json: bool = False,
    also: Also | None = None,
    environ: Mapping[str, str] | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """`config check FILE`: every fault, one a line on standard error; or, with `as_json`,
    `{"ok", "file", "faults": [{"file", "path", "problem", "hint"}]}` on standard output.

    Returns the exit code: 0, or 78 if there is a fault.
    """
    faults = check(file, kind, environ, also)
    if as_json:
        listed = [msgspec.structs.asdict(fault) for fault in faults]
        result = {"ok": not faults, "file": str(file), "faults": listed}
        print(json.dumps(result, ensure_ascii=False), file=out or sys.stdout)
    elif faults:
        for fault in faults:
            print(fault, file=err or sys.stderr)
        count = f"{len(faults)} fault" + ("s" if len(faults) > 1 else "")
        print(f"{count}. Entries of lists are counted from 0.", file=err or sys.stderr)
    else:
        print(f"{file}: good", file=out or sys.stdout)
    return EXIT_CONFIG_INVALID if faults else 0
