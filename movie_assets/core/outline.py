"""The outline of a YAML file: its values, with the line of each field.

Values are those of YAML 1.2's core schema, so that `no` is the Norwegian language and 1:30 is no number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import yaml

from movie_assets.core.problem import Problem, dotted, shown, unprintable

__all__ = ["Node", "line_of", "problem_at", "read_yaml"]

_MAX_BYTES = 1 << 20
_MAX_DEPTH = 16
_MAX_NODES = 200_000


@dataclass(frozen=True, slots=True)
class Node:
    """A value, its line (of its key, if it has one), and the nodes in it by key; `size` counts them all.

    `file` is another one than that which is read, if it comes from there.
    """

    value: Any
    line: int
    below: Mapping[str, Node]
    size: int = 1
    file: str = ""


class _Unreadable(Exception):
    """Reading cannot go on."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.problem = Problem(line, sentence)


def line_of(root: Node | None, path: Iterable[str | int]) -> int:
    """The line of the field at a path, or of the innermost one around it that was written."""
    return _innermost(root, path)[0]


def problem_at(root: Node | None, path: Iterable[str | int], sentence: str) -> Problem:
    """What is wrong with the field at a path, told with the line and the file of `line_of`."""
    line, file = _innermost(root, path)
    return Problem(line, sentence, file)


def _innermost(root: Node | None, path: Iterable[str | int]) -> tuple[int, str]:
    place = (1, "")
    for part in path:
        root = root and root.below.get(str(part))
        if root is None:
            break
        place = (root.line, root.file)
    return place


def read_yaml(
    text: bytes | str, asks: str, *, may_be_empty: bool = False
) -> tuple[Node | None, list[Problem]]:
    """The file's mapping, None if it cannot be read, and what was wrong on the way; `asks` says what it should be."""
    outline = _Outline(asks, Node({}, 1, {}) if may_be_empty else None)
    try:
        return outline.read(_decoded(text)), outline.problems
    except _Unreadable as error:
        return None, [*outline.problems, error.problem]


def _decoded(text: bytes | str) -> str:
    raw = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    if len(raw) > _MAX_BYTES:
        raise _Unreadable(1, f"the file is larger than {_MAX_BYTES} bytes")
    try:
        decoded = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Unreadable(raw.count(b"\n", 0, error.start) + 1, "the file is not UTF-8 text") from None
    decoded = decoded.replace("\r\n", "\n").replace("\r", "\n")
    if found := unprintable(decoded):
        line = decoded.count("\n", 0, found.start()) + 1
        raise _Unreadable(line, f"holds the unprintable character U+{ord(found[0]):04X}; delete it")
    return decoded


class _Outline:
    """Builds nodes from the parser's events; bounded in depth and in size, aliases counted in full."""

    def __init__(self, asks: str, empty: Node | None) -> None:
        self._asks, self._empty = asks, empty
        self.problems: list[Problem] = []
        self._events: Iterator[Any] = iter(())
        self._anchors: dict[str, Node] = {}

    def read(self, text: str) -> Node:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._events = yaml.parse(text, Loader=loader)
        try:
            return self._document()
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            raise _Unreadable(
                line, _syntax(getattr(error, "problem", None) or str(error), text, line)
            ) from None

    def _document(self) -> Node:
        next(self._events)  # the stream's start
        if isinstance(next(self._events), yaml.StreamEndEvent):
            if self._empty is None:
                raise _Unreadable(1, "the file is empty; write at least a title:")
            return self._empty
        root = self._node(next(self._events), "", 0)
        next(self._events)  # the document's end
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            line = after.start_mark.line + 1
            raise _Unreadable(line, "a second document begins here; a movie is one document")
        if root.value is None and self._empty is not None:
            return self._empty
        if not isinstance(root.value, dict):
            raise _Unreadable(root.line, f"must be {self._asks}, not {shown(root.value)}")
        return root

    def _node(self, event: Any, path: str, depth: int) -> Node:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), line)
        if depth > _MAX_DEPTH:
            raise _Unreadable(line, f"nested more than {_MAX_DEPTH} deep")
        if event.tag is not None:
            self._problem(line, path, f"YAML tags such as {event.tag!r} are not used here")
        if isinstance(event, yaml.ScalarEvent):
            text = self._text(event, path)
            node = Node(_plain(text) if event.implicit[0] else text, line, {})
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._list(line, path, depth)
        else:
            node = self._mapping(line, path, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, anchor: str, line: int) -> Node:
        target = self._anchors.get(anchor)
        if target is None:
            raise _Unreadable(line, f"*{anchor} refers to nothing written before it")
        return Node(target.value, line, target.below, target.size)

    def _list(self, line: int, path: str, depth: int) -> Node:
        below: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            index = str(len(below))
            below[index] = self._node(event, _inside(path, index), depth + 1)
        return Node([node.value for node in below.values()], line, below, self._size(below, line))

    def _mapping(self, line: int, path: str, depth: int) -> Node:
        below: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, path, depth)
            inner = _inside(path, str(key))
            node = self._node(next(self._events), inner, depth + 1)
            line_of_key = event.start_mark.line + 1
            if key in below:
                self._problem(line_of_key, inner, f"is written twice, first in line {below[key].line}")
            elif key is not None:
                below[key] = Node(node.value, line_of_key, node.below, node.size)
        return Node({key: node.value for key, node in below.items()}, line, below, self._size(below, line))

    def _key(self, event: Any, path: str, depth: int) -> str | None:
        if isinstance(event, yaml.ScalarEvent):
            return self._text(event, path)
        self._node(event, path, depth + 1)
        self._problem(event.start_mark.line + 1, path, "the name of a field must be plain text")
        return None

    def _text(self, event: Any, path: str) -> str:
        if unprintable(event.value):
            self._problem(event.start_mark.line + 1, path, "holds an unprintable character")
        return str(event.value)

    def _size(self, below: Mapping[str, Node], line: int) -> int:
        size = 1 + sum(node.size for node in below.values())
        if size > _MAX_NODES:
            raise _Unreadable(line, f"holds more than {_MAX_NODES} values, counting what aliases repeat")
        return size

    def _problem(self, line: int, path: str, what: str) -> None:
        self.problems.append(Problem(line, f"{dotted([path])}: {what}" if path else what))


def _inside(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


_WORDS: dict[str, bool | None] = dict.fromkeys(("", "~", "null", "Null", "NULL"), None)
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,30}|(0|[1-9][0-9]{0,17})(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,3})?\Z")


def _plain(text: str) -> Any:
    """What an unquoted scalar means; the numbers are finite and fit into 64 bits."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    return float(text) if _FLOAT.match(text) and isfinite(float(text)) else text


def _syntax(problem: str, text: str, line: int) -> str:
    """What the parser found, and what a person most likely did."""
    written = "".join(text.split("\n")[line - 1 : line])
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return "a tab cannot indent; use spaces"
    if columns := _columns(text.split("\n"), line):
        return f"not valid YAML: {columns}; what belongs together begins in the same column"
    hint = ""
    if re.search(r"[\[{,]\s*\w+\[\d+\]", written):
        hint = '; put names such as "picture[2]" in quotes'
    elif "mapping values" in problem:
        hint = "; put text that holds a colon in quotes"
    return f"not valid YAML: {problem}{hint}"


def _columns(lines: list[str], line: int) -> str:
    """In which columns a line and the one before it begin, where both are of one mapping and these differ."""
    field = re.compile(r"( *)[\w\"'][^:#]*:( |$)")
    before = range(line - 1, 0, -1)
    above = next((at for at in before if (text := lines[at - 1].strip()) and not text.startswith("#")), 0)
    here, there = (field.match(lines[at - 1]) if 0 < at <= len(lines) else None for at in (line, above))
    if here is None or there is None or lines[above - 1].split(" #")[0].rstrip().endswith(":"):
        return ""
    spaces = [len(found.group(1)) for found in (here, there)]
    outer = {len(match.group(1)) for each in lines[: above - 1] if (match := field.match(each))}
    if spaces[0] == spaces[1] or (spaces[0] < spaces[1] and spaces[0] in outer):
        return ""
    return f"{spaces[0] or 'no'} space{'s' * (spaces[0] != 1)} here, {spaces[1] or 'none'} in line {above}"
