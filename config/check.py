"""A tree of plain values against a struct: the value, or every fault in it.

`msgspec.convert` stops at its first error, which sends a technician round and round. So the
structs are walked here, and msgspec converts one leaf at a time; its bounds and patterns stay the
only definition of what is allowed.
"""

from __future__ import annotations

import functools
import os
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import msgspec
from msgspec import inspect

from config.faults import Fault, nearest

Step = str | int
Where = tuple[Step, ...]
#: What a struct's own cross check yields: (path below it, problem, hint).
Cross = tuple[Where, str, str]


class Checked(NamedTuple):
    """`value` is None when there are faults."""

    value: Any
    faults: list[Fault]


class _Broken:
    """Stands where a value would, had it been one."""


BROKEN = _Broken()


def known(value: object, *steps: Step) -> Any:
    """The value at `steps` below `value`, or None if it is absent or has a fault of its own.

    Cross checks look at values through this, so that one wrong port does not hide that two lanes
    share a number.
    """
    for step in steps:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list | tuple) and step < len(value) else None
        else:
            value = getattr(value, step, None)
        if value is None or value is BROKEN:
            return None
    return value


def show(path: Where) -> str:
    """`("lanes", 2, "scanner", "port")` as `lanes[2].scanner.port`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text


def check_tree(
    values: Mapping[str, Any],
    kind: type[msgspec.Struct],
    origin: Callable[[Where], str],
    folder: Path,
    also: Callable[[object], Iterable[Cross]] | None = None,
) -> Checked:
    """Check `values` (as tomllib returns them) against `kind`.

    `origin(path)` names the file of a value; folders without a leading `/` are taken from the
    folder of that file, else from `folder`. A method `cross_faults(cls, value)` of `kind` is asked
    for faults that concern several values; it also sees configurations with faults elsewhere. So
    is `also`: what a floor above knows of these values.
    """
    walk = _Walk(origin, folder)
    value = walk.struct(kind, values, ())
    for cross in (getattr(kind, "cross_faults", None), also):
        if cross is None:
            continue
        for path, problem, hint in cross(value):
            walk.fault(path, problem, hint)
    return Checked(None if walk.faults else value, walk.faults)


class _Walk:
    def __init__(self, origin: Callable[[Where], str], folder: Path) -> None:
        self.origin = origin
        self.folder = folder
        self.faults: list[Fault] = []

    def fault(self, path: Where, problem: str, hint: str = "") -> None:
        self.faults.append(Fault(self.origin(path), show(path), problem, hint))

    def value(self, annotation: Any, value: Any, at: Where) -> Any:
        """Convert one value of any kind; BROKEN (and a fault) when it does not fit."""
        bare = _bare(annotation)
        structs = list(_structs(bare))
        if structs and (isinstance(value, dict) or len(structs) == len(_members(bare))):
            return self.variant(structs, value, at)
        if get_origin(bare) in (list, tuple):
            return self.items(annotation, value, at)
        return self.leaf(annotation, value, at)

    def variant(self, structs: Sequence[type[msgspec.Struct]], value: Any, at: Where) -> Any:
        """One of several structs, told apart by their tag."""
        tag_field = structs[0].__struct_config__.tag_field
        if tag_field is None or not isinstance(value, dict):
            return self.struct(structs[0], value, at)
        kinds = {str(s.__struct_config__.tag): s for s in structs}
        if tag_field not in value:
            self.fault((*at, tag_field), "is missing", "one of: " + ", ".join(kinds))
            return BROKEN
        kind = value[tag_field]
        if not isinstance(kind, str) or kind not in kinds:
            self.fault((*at, tag_field), f"{kind!r} is unknown", nearest(str(kind), list(kinds)))
            return BROKEN
        rest = {key: item for key, item in value.items() if key != tag_field}
        return self.struct(kinds[kind], rest, at)

    def struct(self, kind: type[msgspec.Struct], value: Any, at: Where) -> Any:
        """A struct; if parts of it are broken, a namespace with the parts that are not."""
        if not isinstance(value, dict):
            hint = f"begin it with {_head(at)}"
            self.fault(at, f"is {_named(value)}, but a table is needed", hint)
            return BROKEN
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        for key in value:
            if key not in fields:
                self.fault((*at, key), "is unknown", nearest(key, list(fields)))
        good: dict[str, Any] = {}
        whole = True
        for key, field in fields.items():
            if key in value:
                converted = self.value(field.type, value[key], (*at, key))
                whole &= not _damaged(converted)
                good[field.name] = converted
            elif field.required:
                self.fault((*at, key), "is missing", _form(field.type, (*at, key)))
                whole = False
        if whole:
            return kind(**good)
        return types.SimpleNamespace(**good)

    def items(self, annotation: Any, value: Any, at: Where) -> Any:
        bare = _bare(annotation)
        if not isinstance(value, list):
            self.fault(at, f"is {_named(value)}, but a list is needed", _form(annotation, at))
            return BROKEN
        inner = get_args(bare)[0]
        converted = [self.value(inner, item, (*at, i)) for i, item in enumerate(value)]
        info, _ = _info(annotation)
        least, most = getattr(info, "min_length", None), getattr(info, "max_length", None)
        if not (least or 0) <= len(value) <= (len(value) if most is None else most):
            bounds = f"{least or 0} to {most}" if most is not None else f"at least {least}"
            self.fault(at, f"has {len(value)} entries", f"allowed: {bounds}")
        return converted if get_origin(bare) is list else tuple(converted)

    def leaf(self, annotation: Any, value: Any, at: Where) -> Any:
        source = self.origin(at)
        from_environment = source.startswith("environment ")
        try:
            # Variables of the environment are texts; only for them may "5" mean 5.
            converted = msgspec.convert(value, annotation, strict=not from_environment)
        except msgspec.ValidationError:
            self.fault(at, _misfit(annotation, value), _hint(annotation, value))
            return BROKEN
        _, extra = _info(annotation)
        if extra.get("folder") and isinstance(converted, str):
            base = Path.cwd() if from_environment else self.folder
            if source.startswith("/"):
                base = Path(source).parent
            return os.path.normpath(base / converted)
        return converted


def _damaged(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_damaged, value))
    return value is BROKEN or isinstance(value, types.SimpleNamespace)


def _bare(annotation: Any) -> Any:
    """Without `Annotated`, and without the `| None` of what may be left out."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    members = [member for member in _members(annotation) if member is not type(None)]
    if len(members) == 1 and members[0] is not annotation:
        return _bare(members[0])
    return annotation


def _members(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) in (Union, types.UnionType):
        return get_args(annotation)
    return (annotation,)


def _structs(annotation: Any) -> Iterator[type[msgspec.Struct]]:
    for member in _members(annotation):
        if isinstance(member, type) and issubclass(member, msgspec.Struct):
            yield member


@functools.cache
def _info(annotation: Any) -> tuple[inspect.Type, Mapping[str, Any]]:
    """msgspec's own view of a leaf, and what Meta says beside its bounds.

    Kept, because working it out for a list of large structs costs more than all the rest.
    """
    info = inspect.type_info(annotation)
    extra: dict[str, Any] = {}
    while True:
        if isinstance(info, inspect.Metadata):
            extra |= info.extra or {}
            extra |= info.extra_json_schema or {}
            info = info.type
        elif isinstance(info, inspect.UnionType):
            rest = [member for member in info.types if not isinstance(member, inspect.NoneType)]
            if len(rest) != 1:
                return info, extra
            info = rest[0]
        else:
            return info, extra


def _named(value: Any) -> str:
    names = {dict: "a table", list: "a list", str: "a text", bool: "true or false"}
    return names.get(type(value), f"{value!r}")


def _misfit(annotation: Any, value: Any) -> str:
    info, _ = _info(annotation)
    shown = repr(value) if not isinstance(value, dict | list) else _named(value)
    if len(shown) > 60:
        shown = shown[:57] + "..."
    if isinstance(info, inspect.IntType | inspect.FloatType):
        if isinstance(value, int | float) and not isinstance(value, bool):
            if isinstance(info, inspect.IntType) and isinstance(value, float):
                return f"{shown} is not a whole number"
            return f"{shown} is not allowed"
        return f"{shown} is not a number"
    if isinstance(info, inspect.BoolType):
        return f"{shown} is neither true nor false"
    if isinstance(info, inspect.StrType) and not isinstance(value, str):
        return f"{shown} is not a text"
    return f"{shown} is not allowed"


def _head(at: Where) -> str:
    """How TOML begins the table at `at`."""
    head = "[" + ".".join(step for step in at if isinstance(step, str)) + "]"
    return f"[{head}]" if at and isinstance(at[-1], int) else head


def _form(annotation: Any, at: Where) -> str:
    """How what belongs at `at` is written."""
    bare = _bare(annotation)
    if get_origin(bare) in (list, tuple):
        tables = any(_structs(_bare(get_args(bare)[0])))
        return f"begin each entry with {_head((*at, 0))}" if tables else f'as {at[-1]} = ["..."]'
    return f"begin it with {_head(at)}" if any(_structs(bare)) else _hint(annotation)


def _hint(annotation: Any, value: Any = None) -> str:
    info, extra = _info(annotation)
    if "description" in extra:
        return str(extra["description"])
    if isinstance(info, inspect.LiteralType):
        words = [str(word) for word in info.values]
        return nearest(value, words) if isinstance(value, str) else "one of: " + ", ".join(words)
    if isinstance(info, inspect.IntType | inspect.FloatType):
        if info.ge is not None and info.le is not None:
            steps = f" in steps of {info.multiple_of}" if info.multiple_of else ""
            return f"allowed: {info.ge} to {info.le}{steps}"
        return "a number"
    if isinstance(info, inspect.BoolType):
        return "without quotes"
    if isinstance(info, inspect.StrType) and not isinstance(value, str):
        return "a text, in quotes"
    if isinstance(info, inspect.UnionType):
        return "a text, in quotes, or a table"
    return ""
