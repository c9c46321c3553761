"""Variations: many movies from one file, each the whole of it with a few fields said otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from movie_assets.core.csv_table import csv_rows
from movie_assets.core.errors import Refused
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
            problems.append(Problem(node.line, f"{FIELD}: {problem}", node.file))
    return found, problems


def varied(root: Node, variation: Node | None) -> Node:
    """The movie file without its variations, and with the fields that one of them says otherwise."""
    plain = _with(root, {key: node for key, node in root.below.items() if key != FIELD})
    return plain if variation is None else _over(plain, variation)


def _problem(name: object, node: Node, found: Mapping[str, Node]) -> str | None:
    if name is None:
        return "this one has no name; give it a `name` or a `language`"
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
    file = told.value
    if not file.lower().endswith((".csv", ".yaml", ".yml")):
        return Problem(told.line, f"{FIELD}: {file} is no .csv and no .yaml file")
    try:
        text = read(file)
    except Refused as error:
        return Problem(told.line, f"{FIELD}: {error.fact}; name a file that lies beside movie.yaml")
    if file.lower().endswith(".csv"):
        rows = csv_rows(text, file)
        return rows if isinstance(rows, Problem) else [_named(row) for row in rows]
    root, problems = read_yaml(b"rows:\n" + _indented(text), _ASKS)
    if root is None or problems:
        first = problems[0]
        return Problem(max(1, first.line - 1), first.sentence, file)
    return _rows(_of_file(root.below["rows"], file), read)


def _indented(text: bytes) -> bytes:
    return b"".join(b" " + line for line in text.splitlines(keepends=True))


def _of_file(node: Node, file: str) -> Node:
    """As it stands in its file, which was read below a line of ours."""
    below = {key: _of_file(each, file) for key, each in node.below.items()}
    return Node(node.value, max(1, node.line - 1), below, node.size, file)


def _with(node: Node, below: Mapping[str, Node]) -> Node:
    return Node({key: each.value for key, each in below.items()}, node.line, below, node.size, node.file)


def _over(node: Node, other: Node) -> Node:
    """Mappings field by field, all else in place of what was there."""
    if not (isinstance(node.value, dict) and isinstance(other.value, dict)):
        return other
    both = {
        key: _over(node.below[key], each) if key in node.below else each for key, each in other.below.items()
    }
    return _with(node, {**node.below, **both})
