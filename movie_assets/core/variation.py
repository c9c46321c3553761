"""Variations: many movies from one file, each the whole of it with a few fields said otherwise."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping

from movie_assets.core.outline import Node, read_yaml
from movie_assets.core.problem import Problem, shown

__all__ = ["FIELD", "variations_of", "varied"]

FIELD = "variations"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}\Z")
_MOST = 200
_ASKS = "a mapping such as {de: {language: de, title: …}}, a list of such mappings, or a .csv or .yaml file"

Reader = Callable[[str], bytes]
"""Reads a file beside movie.yaml; `Refused` where there is none."""


def variations_of(root: Node, read: Reader) -> tuple[dict[str, Node], list[Problem]]:
    """The variations a movie file tells, by name, and what is wrong with them.

    A name is that of its mapping's key or row: its `name`, else its `language`.
    """
    told = root.below.get(FIELD)
    if told is None or told.value is None:
        return {}, []
    rows = _rows(told, read)
    if isinstance(rows, Problem):
        return {}, [rows]
    found: dict[str, Node] = {}
    problems: list[Problem] = []
    for name, node in rows:
        problem = _problem(name, node, found)
        if problem is None:
            found[str(name).lower()] = node
        else:
            problems.append(Problem(node.line, f"{FIELD}: {problem}"))
    return found, problems


def varied(root: Node, variation: Node | None) -> Node:
    """The movie file without its variations, and with the fields that one of them says otherwise."""
    plain = _with(root, {key: node for key, node in root.below.items() if key != FIELD})
    return plain if variation is None else _over(plain, variation)


def _problem(name: object, node: Node, found: Mapping[str, Node]) -> str | None:
    if not isinstance(name, str) or _NAME.match(name.lower()) is None:
        return f"{shown(name)} is no name for one; use letters, digits, - and _, or give it a `name`"
    if name.lower() in found:
        return f"{name} is there twice, first in line {found[name.lower()].line}; give each a `name`"
    if not isinstance(node.value, dict):
        return f"{name} must be a mapping of fields, not {shown(node.value)}"
    if FIELD in node.value:
        return f"{name} may not have variations of its own"
    return f"there are more than {_MOST}" if len(found) >= _MOST else None


def _rows(told: Node, read: Reader) -> list[tuple[object, Node]] | Problem:
    if isinstance(told.value, str):
        return _from_file(told, read)
    if isinstance(told.value, dict):
        return list(told.below.items())
    if isinstance(told.value, list):
        return [_named(node) for node in told.below.values()]
    return Problem(told.line, f"{FIELD}: must be {_ASKS}, not {shown(told.value)}")


def _named(node: Node) -> tuple[object, Node]:
    """A row with its name taken out of it."""
    if not isinstance(node.value, dict):
        return None, node
    name = node.value.get("name", node.value.get("language"))
    return name, _with(node, {key: each for key, each in node.below.items() if key != "name"})


def _from_file(told: Node, read: Reader) -> list[tuple[object, Node]] | Problem:
    file, text = told.value, read(told.value)
    if file.lower().endswith(".csv"):
        return [_named(_at(told.line, row)) for row in _csv_rows(text)]
    if not file.lower().endswith((".yaml", ".yml")):
        return Problem(told.line, f"{FIELD}: {file} is no .csv and no .yaml file")
    root, problems = read_yaml(b"rows:\n" + _indented(text), _ASKS)
    if root is None or problems:
        first = problems[0]
        return Problem(told.line, f"{FIELD}: {file}:{max(1, first.line - 1)}: {first.sentence}")
    return _rows(_lined(root.below["rows"], told.line), read)


def _indented(text: bytes) -> bytes:
    return b"".join(b" " + line for line in text.splitlines(keepends=True))


def _csv_rows(text: bytes) -> Iterator[dict[str, object]]:
    """Rows as nested mappings: a column `script.source` is the field source of script; an empty cell says nothing."""
    for row in csv.DictReader(io.StringIO(text.decode("utf-8-sig", errors="replace"))):
        fields: dict[str, object] = {}
        for column, cell in row.items():
            if column and isinstance(cell, str) and cell.strip():
                _set(fields, column.strip().split("."), _value(cell.strip()))
        yield fields


def _set(fields: dict[str, object], path: list[str], value: object) -> None:
    for part in path[:-1]:
        inner = fields.setdefault(part, {})
        if not isinstance(inner, dict):
            inner = fields[part] = {}
        fields = inner
    fields[path[-1]] = value


def _value(cell: str) -> object:
    root, problems = read_yaml(f"cell: {cell}", _ASKS)
    value = root.value["cell"] if root is not None and not problems else cell
    return value if isinstance(value, (int, float, bool)) else cell


def _at(line: int, value: object) -> Node:
    below = {str(key): _at(line, each) for key, each in value.items()} if isinstance(value, dict) else {}
    return Node(value, line, below)


def _lined(node: Node, line: int) -> Node:
    return Node(node.value, line, {key: _lined(each, line) for key, each in node.below.items()}, node.size)


def _with(node: Node, below: Mapping[str, Node]) -> Node:
    return Node({key: each.value for key, each in below.items()}, node.line, below, node.size)


def _over(node: Node, other: Node) -> Node:
    """Mappings field by field, all else in place of what was there."""
    if not (isinstance(node.value, dict) and isinstance(other.value, dict)):
        return other
    both = {
        key: _over(node.below[key], each) if key in node.below else each for key, each in other.below.items()
    }
    return _with(node, {**node.below, **both})
