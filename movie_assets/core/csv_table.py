"""A CSV table of fields, as spreadsheets save it: one row, one mapping, each with its file and line."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence

from movie_assets.core.outline import Node, read_yaml
from movie_assets.core.problem import Problem, shown, unprintable

__all__ = ["csv_rows"]

_SEPARATORS = ",;\t"
_SAVE = "save it as UTF-8 (in Excel: CSV UTF-8)"


def csv_rows(raw: bytes, file: str) -> list[Node] | Problem:
    """Rows as nested mappings: a column `script.source` is the field source of script; an empty cell says nothing.

    UTF-8, or UTF-16 with its mark; separated by commas, semicolons or tabs, whichever the first line has most of.
    """
    text = _decoded(raw, file)
    if isinstance(text, Problem):
        return text
    lines = list(_lines(text))
    if not lines:
        return Problem(1, "the table is empty; begin with a line of fields such as name,language,title", file)
    (line, header), *rows = lines
    columns = [column.strip() for column in header]
    while not columns[-1]:
        columns.pop()
    for at, wrong in (
        (line, _wrong_header(columns)),
        *((at, _wrong_row(columns, cells)) for at, cells in rows),
    ):
        if wrong is not None:
            return Problem(at, wrong, file)
    return [_row(columns, cells, at, file) for at, cells in rows]


def _decoded(raw: bytes, file: str) -> str | Problem:
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        return Problem(raw.count(b"\n", 0, error.start) + 1, f"is not UTF-8 text; {_SAVE}", file)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := unprintable(text):
        line = text.count("\n", 0, found.start()) + 1
        return Problem(line, f"holds the unprintable character U+{ord(found[0]):04X}; {_SAVE}", file)
    return text


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that says anything, with the line it begins in."""
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_SEPARATORS, key=first.count))
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield line, cells
        line = reader.line_num + 1


def _wrong_header(columns: Sequence[str]) -> str | None:
    if "" in columns:
        return f"column {columns.index('') + 1} has no name; give it that of a field, or remove it"
    twice = next((each for place, each in enumerate(columns) if each in columns[:place]), None)
    return f"the column {shown(twice)} is there twice; remove one" if twice else None


def _wrong_row(columns: Sequence[str], cells: Sequence[str]) -> str | None:
    if any(cell.strip() for cell in cells[len(columns) :]):
        return f"has more cells than the {len(columns)} columns; put a text that holds a separator in quotes"
    return None


def _row(columns: Sequence[str], cells: Sequence[str], line: int, file: str) -> Node:
    fields: dict[str, object] = {}
    for column, cell in zip(columns, cells, strict=False):
        if cell.strip():
            _set(fields, column.split("."), _value(cell.strip()))
    return _at(fields, line, file)


def _set(fields: dict[str, object], path: list[str], value: object) -> None:
    for part in path[:-1]:
        inner = fields.setdefault(part, {})
        if not isinstance(inner, dict):
            inner = fields[part] = {}
        fields = inner
    fields[path[-1]] = value


def _value(cell: str) -> object:
    root, problems = read_yaml(f"cell: {cell}", "a cell")
    value = root.value["cell"] if root is not None and not problems else cell
    return value if isinstance(value, (int, float, bool)) else cell


def _at(value: object, line: int, file: str) -> Node:
    below = (
        {str(key): _at(each, line, file) for key, each in value.items()} if isinstance(value, dict) else {}
    )
    return Node(value, line, below, file=file)
