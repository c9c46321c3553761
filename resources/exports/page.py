"""The pages: a film with its storyboard and history, and two revisions side by side, each one file without a request."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup
from msgspec import Struct

from movie_assets.core.blueprints import DESCRIBED_FILM
from movie_assets.core.cost import Cost
from movie_assets.core.difference import Difference
from movie_assets.core.reason import LOCAL
from movie_assets.core.storyboard import (
    Scene,
    Storyboard,
    chapters,
    described_chapters,
    descriptions,
    differing,
    in_words,
)
from movie_assets.core.subtitles import to_vtt
from resources.exports.templates import PAGES

__all__ = ["DETAILED", "Album", "File", "Link", "data_uri", "diff_page", "ident", "index_page"]

DETAILED = 24
"""How many revisions a page tells in full; of older ones it keeps a line each."""

_WHO = {LOCAL: "movie-assets", "person": "a person", "": "unknown"}

Link = str
"""What goes into `src`: a data URI, or a file beside the page."""


class Album(Struct, frozen=True):
    """The pictures and sounds a page can show, by the `ident` of their bytes."""

    pictures: dict[str, Link]
    sounds: dict[str, Link]


class File(Struct, frozen=True):
    """A file beside the page."""

    name: str
    size: int


class _Brief(Struct, frozen=True):
    """A scene as two of them are compared."""

    number: int
    text: str
    prompt: str
    alt: str
    picture: str
    narration: str
    by: str


class _Told(Struct, frozen=True):
    """A revision as it is compared."""

    revision: str
    inputs: dict[str, str]
    scenes: tuple[_Brief, ...]


def ident(digest: str) -> str:
    """The short name of bytes in a page."""
    return digest[:16]


def data_uri(data: bytes, media_type: str) -> Link:
    """Bytes as an address that asks nobody."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def index_page(
    boards: Sequence[Storyboard],
    album: Album,
    main: str,
    files: Sequence[File],
    captions: bytes | None,
    described_captions: bytes | None = None,
) -> str:
    """The page of the last of these revisions; `main` is the film or sound beside it.

    Captions are WebVTT, of the film and of the one whose descriptions are spoken.
    """
    board, recent = boards[-1], boards[-DETAILED:]
    told = [_told(each) for each in recent]
    names = {file.name for file in files}
    return _template("index.html.j2").render(
        **_dress(),
        board=board,
        told=told,
        history=_history(recent, told, album)[::-1],
        older=boards[:-DETAILED][::-1],
        chapters=chapters(board),
        pictures=album.pictures,
        sounds=album.sounds,
        main=main,
        is_video=main.endswith(".mp4"),
        poster="poster.jpg" if "poster.jpg" in names else None,
        provenance="provenance.json" if "provenance.json" in names else None,
        captions=data_uri(captions, "text/vtt") if captions else None,
        descriptions=data_uri(to_vtt(descriptions(board)).encode(), "text/vtt"),
        described=DESCRIBED_FILM if DESCRIBED_FILM in names else None,
        described_chapters=described_chapters(board),
        described_captions=data_uri(described_captions, "text/vtt") if described_captions else None,
        burnt=_is_burnt(board.inputs.get("captions")),
        files=files,
        data=_data(told, album),
        blank=_Brief(0, "", "", "", "", "", ""),
    )


def diff_page(older: Storyboard, newer: Storyboard, found: Difference, album: Album) -> str:
    """The page of two revisions; a segment that is the same in both is only named."""
    pairs = [_pair(before, after) for before, after in differing(older, newer)]
    shown = {pair.number for pair in pairs}
    same = [f"segment {scene.segment}" for scene in newer.scenes if scene.segment not in shown]
    return _template("diff.html.j2").render(
        **_dress(),
        older=older,
        newer=newer,
        found=found,
        pairs=pairs,
        same=", ".join(same),
        pictures=album.pictures,
        sounds=album.sounds,
    )


# --- what is told ---------------------------------------------------------------------------------------------------


class _Pair(Struct, frozen=True):
    """A segment in two revisions."""

    number: int
    differs: str
    before: _Brief | None
    after: _Brief | None


class _Entry(Struct, frozen=True):
    """A revision in the history: who edited, and which of its pictures are gone by now."""

    board: Storyboard
    editors: tuple[str, ...]
    pictures: tuple[_Brief, ...]


def _told(board: Storyboard) -> _Told:
    return _Told(
        board.revision,
        {name: in_words(payload) for name, payload in board.inputs.items()},
        tuple(map(_brief, board.scenes)),
    )


def _brief(scene: Scene) -> _Brief:
    picture, voice = scene.pieces.get("picture"), scene.pieces.get("narration")
    made = [f"picture by {_who(picture.provider)}, {picture.revision}"] if picture else []
    made += [f"voice by {_who(voice.provider)}, {voice.revision}"] if voice else []
    return _Brief(
        scene.segment,
        scene.text,
        scene.prompt,
        scene.alt,
        ident(picture.digest) if picture else "",
        ident(voice.digest) if voice else "",
        " · ".join(made) or "nothing made",
    )


def _pair(before: Scene | None, after: Scene | None) -> _Pair:
    old, new = (_brief(scene) if scene else None for scene in (before, after))
    either = old or new
    assert either is not None, "a pair has at least one side"
    return _Pair(either.number, _differing(old, new), old, new)


def _differing(before: _Brief | None, after: _Brief | None) -> str:
    if before is None:
        return "new"
    if after is None:
        return "gone"
    fields = {"picture": "picture", "text": "text", "prompt": "prompt", "narration": "voice"}
    return ", ".join(word for name, word in fields.items() if getattr(before, name) != getattr(after, name))


def _is_burnt(captions: Any) -> bool:
    return bool(captions and captions.get("burn") and captions.get("style") != "none")


def _history(boards: Sequence[Storyboard], told: Sequence[_Told], album: Album) -> list[_Entry]:
    """Each picture that the live revision no longer has stands once, at the revision that brought it."""
    shown = {scene.picture for scene in told[-1].scenes}
    entries = []
    for board, each in zip(boards, told, strict=True):
        gone = {scene.picture: scene for scene in each.scenes if scene.picture not in shown}
        shown |= gone.keys()
        editors = dict.fromkeys(change.editor for change in board.changes if change.editor)
        pictures = tuple(scene for name, scene in gone.items() if name in album.pictures)
        entries.append(_Entry(board, tuple(editors), pictures))
    return entries


def _data(told: Sequence[_Told], album: Album) -> dict[str, Any]:
    """What comparing needs, each value and each scene once; a setting's place in `names` is its place in `inputs`."""
    names = list(dict.fromkeys(name for each in told for name in each.inputs))
    values: dict[str, int] = {}
    scenes: dict[_Brief, int] = {}
    revisions = [
        {
            "name": each.revision,
            "inputs": [
                values.setdefault(each.inputs[name], len(values)) if name in each.inputs else -1
                for name in names
            ],
            "scenes": [scenes.setdefault(scene, len(scenes)) for scene in each.scenes],
        }
        for each in told
    ]
    fields = [{name: getattr(scene, name) for name in _Brief.__struct_fields__} for scene in scenes]
    return {
        "revisions": revisions,
        "names": names,
        "values": list(values),
        "scenes": fields,
        "sounds": album.sounds,
    }


# --- how it is spelt --------------------------------------------------------------------------------------------------


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {
        "words": in_words,
        "ident": ident,
        "money": _money,
        "price": _price,
        "who": _who,
        "plain": lambda kind: kind.replace("_", " "),
        "clock": lambda seconds: f"{int(seconds) // 60}:{int(seconds) % 60:02}",
        "moment": lambda at: at[:16].replace("T", " "),
        "sentence": lambda text: f"{text[:1].upper()}{text[1:]}.",
        "bytes": _bytes,
    }
    return environment


def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)


def _dress() -> dict[str, Markup]:
    # Our own text, which must not be escaped.
    return {name: Markup((PAGES / f"page.{name}").read_text(encoding="utf-8")) for name in ("css", "js")}


def _who(provider: str) -> str:
    return _WHO.get(provider, provider)


def _money(cost: Cost) -> str:
    return "free" if cost == Cost() else str(cost)


def _price(cost: float | None) -> str:
    return "unknown" if cost is None else _money(Cost(cost))


def _bytes(size: int) -> str:
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 10 else f"{size:.1f} {unit}"
        size = size / 1000  # type: ignore[assignment]
    return f"{size:.1f} GB"
