"""The storyboard: what is told of a revision to whoever looks at the film: its scenes, who made them, and how it came about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, zip_longest
from typing import Any

import msgspec
from msgspec import Struct

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.cost import Cost
from movie_assets.core.difference import ChangedInput, difference
from movie_assets.core.event import ArtefactEvent, InputEvent
from movie_assets.core.fallback import fallback_of
from movie_assets.core.ledger import ledger_of
from movie_assets.core.manifest import Manifest
from movie_assets.core.reuse import Index
from movie_assets.core.script import Script, without_style
from movie_assets.core.script_file import headings_of
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.subtitles import Cue
from movie_assets.core.timeline import Timeline

__all__ = [
    "Chapter",
    "Piece",
    "Scene",
    "Share",
    "Storyboard",
    "chapters",
    "described_chapters",
    "descriptions",
    "differing",
    "in_words",
    "storyboards_of",
]

_FROM_THE_RIGHT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_TITLE_LENGTH = 60

Says = Callable[[BlobRef], str]


class Piece(Struct, frozen=True, kw_only=True):
    """A result in a revision, and how it came about. `revision` made it; a `cost` of None is unknown."""

    name: Name
    blob: BlobRef
    revision: str
    provider: str
    model: str | None
    cost: float | None
    seconds: float
    reasons: tuple[str, ...]
    encoder: str | None = None

    @property
    def digest(self) -> str:
        return self.blob.digest


class Scene(Struct, frozen=True, kw_only=True):
    """A segment of a revision: what is said and shown, when (seconds of the film), and all that was made for it."""

    segment: int
    start: float
    seconds: float
    text: str
    prompt: str
    pieces: dict[str, Piece]
    described: str | None = None
    heading: str = ""

    @property
    def alt(self) -> str:
        """What the picture shows, in words: those that were made for it, else its prompt without the style."""
        return without_style(self.prompt) or self.text if self.described is None else self.described

    @property
    def cost(self) -> Cost:
        return Cost.of(piece.cost for piece in self.pieces.values())

    @property
    def essence(self) -> tuple[str, ...]:
        """What a viewer would notice: two scenes with the same are the same to them."""
        seen = (self.pieces[kind].digest if kind in self.pieces else "" for kind in ("picture", "narration"))
        return (self.text, self.prompt, *seen)


class Share(Struct, frozen=True):
    """What one provider, with one model, made of the revision: how many results of each kind, for how much."""

    provider: str
    model: str | None
    kinds: dict[str, int]
    cost: Cost


class Storyboard(Struct, frozen=True, kw_only=True):
    """One revision as it is told: `changes` and `summary` against the one before; `made`, `reused`, `paid` for it."""

    movie: str
    revision: str
    created_at: str
    blueprint: str
    title: str
    about: str
    language: str
    timeline: Timeline | None
    described_timeline: Timeline | None = None
    frame: dict[str, int] | None
    inputs: dict[str, Any]
    scenes: tuple[Scene, ...]
    pieces: dict[str, Piece]
    changes: tuple[ChangedInput, ...]
    summary: str
    made: int
    reused: int
    paid: Cost

    @property
    def seconds(self) -> float:
        return self.timeline.seconds if self.timeline else 0.0

    @property
    def direction(self) -> str:
        """Which way its language is written, as HTML's `dir` says it."""
        return "rtl" if self.language.partition("-")[0].lower() in _FROM_THE_RIGHT else "ltr"

    @property
    def all_pieces(self) -> tuple[Piece, ...]:
        return (*self.pieces.values(), *(piece for scene in self.scenes for piece in scene.pieces.values()))

    @property
    def cost(self) -> Cost:
        """What everything in it cost when it was made, whichever revision paid."""
        return Cost.of(piece.cost for piece in self.all_pieces)

    @property
    def shares(self) -> tuple[Share, ...]:
        """Who made what of it."""
        by: dict[tuple[str, str | None], list[Piece]] = {}
        for piece in self.all_pieces:
            by.setdefault((piece.provider, piece.model), []).append(piece)
        return tuple(
            Share(provider, model, _counts(pieces), Cost.of(piece.cost for piece in pieces))
            for (provider, model), pieces in by.items()
        )


class Chapter(Struct, frozen=True):
    """A part of the film with a name, in seconds."""

    title: str
    start: float
    end: float


def storyboards_of(store: MovieStore, upto: Manifest) -> list[Storyboard]:
    """The storyboard of each revision up to one, oldest first. Reads, never writes."""
    manifests = [manifest for manifest in store.manifests.all() if manifest.number <= upto.number]
    edits, index = store.events.inputs(), store.events.index()
    book = {metrics.revision: metrics.total for metrics in ledger_of(store)}
    told = _Told(index, lambda ref: store.read(ref).decode(errors="replace"))
    boards = []
    for before, manifest in pairwise([None, *manifests]):
        assert manifest is not None
        total = book[manifest.revision]
        boards.append(told.storyboard(before, manifest, edits, total.made, total.reused, total.cost))
    return boards


def chapters(board: Storyboard) -> list[Chapter]:
    """One per segment, called by its heading, else by its first words; the first begins with the film, none leaves a gap."""
    return _chapters(board, [scene.start for scene in board.scenes], board.seconds)


def described_chapters(board: Storyboard) -> list[Chapter]:
    """The same of the film whose descriptions are spoken; none where there is no such film."""
    plan = board.described_timeline
    return (
        _chapters(board, [each.start_frame / plan.fps for each in plan.segments], plan.seconds)
        if plan
        else []
    )


def _chapters(board: Storyboard, starts: Sequence[float], end: float) -> list[Chapter]:
    begins = [0.0, *starts[1:], end]
    return [
        Chapter(_shortened(scene.heading or scene.text) or f"Part {scene.segment + 1}", begin, end)
        for scene, (begin, end) in zip(board.scenes, pairwise(begins), strict=True)
    ]


def descriptions(board: Storyboard) -> list[Cue]:
    """What each picture shows, for as long as it is seen, for those who do not see it."""
    return [
        Cue(scene.start, scene.start + scene.seconds, (" ".join(scene.alt.split()),))
        for scene in board.scenes
        if scene.alt
    ]


def differing(older: Storyboard, newer: Storyboard) -> list[tuple[Scene | None, Scene | None]]:
    """The segments in which a viewer would notice something; None where there is no such segment."""
    pairs = zip_longest(older.scenes, newer.scenes)
    return [(a, b) for a, b in pairs if a is None or b is None or a.essence != b.essence]


def in_words(payload: Any) -> str:
    """An input's value for a person: `voice en-gb, speed 1.1`."""
    if payload is None:
        return "not set"
    if isinstance(payload, bool):
        return "yes" if payload else "no"
    if isinstance(payload, Mapping) and "digest" in payload:
        return f"a file ({payload['digest'][:12]})"
    if isinstance(payload, Mapping):
        return ", ".join(
            f"{name.replace('_', ' ')} {in_words(value)}"
            for name, value in payload.items()
            if value not in (None, {}, "")
        )
    if isinstance(payload, (list, tuple)):
        return ", ".join(map(in_words, payload))
    return str(payload)


# --- telling ------------------------------------------------------------------------------------------------------


class _Told:
    """Tells manifests in the light of what was logged; each text is read once."""

    def __init__(self, index: Index, says: Says) -> None:
        self._index, self._says = index, says
        self._texts: dict[str, str] = {}

    def storyboard(
        self, before: Manifest | None, manifest: Manifest, edits: Iterable[InputEvent], made: int, reused: int, paid: Cost
    ) -> Storyboard:  # fmt: skip
        script, inputs = (
            self._script(manifest),
            {name: each.payload for name, each in manifest.inputs.items()},
        )
        timeline = msgspec.convert(manifest.timeline, Timeline) if manifest.timeline else None
        found = difference(before, manifest, edits)
        return Storyboard(
            movie=manifest.movie,
            revision=manifest.revision,
            created_at=manifest.created_at,
            blueprint=manifest.blueprint,
            title=_title(inputs) or (script and script.title) or manifest.movie,
            about=script.summary if script else "",
            language=inputs.get("language") or "en",
            timeline=timeline,
            described_timeline=self._timeline(manifest.output(Name("described_timeline"))),
            frame=inputs.get("frame"),
            inputs=inputs,
            scenes=tuple(self._scenes(manifest, timeline)),
            pieces={each.name.kind: each for each in self._pieces(manifest) if each.name.segment is None},
            changes=found.inputs if before else (),
            summary=found.summary,
            made=made,
            reused=reused,
            paid=paid,
        )

    def _script(self, manifest: Manifest) -> Script | None:
        ref = manifest.output(Name("script"))
        return msgspec.json.decode(self._text(ref), type=Script) if ref else None

    def _timeline(self, ref: BlobRef | None) -> Timeline | None:
        return msgspec.json.decode(self._text(ref), type=Timeline) if ref else None

    def _scenes(self, manifest: Manifest, timeline: Timeline | None) -> Iterator[Scene]:
        pieces: list[dict[str, Piece]] = [{} for _ in range(manifest.segments)]
        for piece in self._pieces(manifest):
            if piece.name.segment is not None:
                pieces[piece.name.segment][piece.name.kind] = piece
        times = {each.segment: each for each in timeline.segments} if timeline else {}
        headings = dict(enumerate(self._headings(manifest)))
        for segment, made in enumerate(pieces):
            at, described = times.get(segment), manifest.output(Name("description_text", segment))
            yield Scene(
                segment=segment,
                start=at.start_frame / timeline.fps if at and timeline else 0.0,
                seconds=at.frames / timeline.fps if at and timeline else 0.0,
                text=self._text(manifest.output(Name("segment_text", segment))),
                prompt=self._text(manifest.output(Name("picture_prompt", segment))),
                pieces=made,
                described=self._text(described) if described else None,
                heading=headings.get(segment, ""),
            )

    def _headings(self, manifest: Manifest) -> tuple[str, ...]:
        """What a person's own script calls its segments."""
        written = manifest.inputs.get("script")
        said = written.payload if written else None
        source = said.get("source") if isinstance(said, Mapping) else None
        own = isinstance(source, Mapping) and "digest" in source
        return headings_of(self._text(msgspec.convert(source, BlobRef))) if own else ()

    def _pieces(self, manifest: Manifest) -> Iterator[Piece]:
        for text, record in manifest.artefacts.items():
            name = Name.parse(text)
            event = self._index.result(name.kind, record.inputs_digest)
            yield Piece(
                name=name,
                blob=record.blob,
                revision=record.revision,
                provider=event.provider if event else "",
                model=event.model if event else None,
                cost=event.cost if event else None,
                seconds=event.seconds if event else 0.0,
                reasons=_reasons(event),
                encoder=event.diagnostics.get("encoder") if event else None,
            )

    def _text(self, ref: BlobRef | None) -> str:
        if ref is None:
            return ""
        if ref.digest not in self._texts:
            self._texts[ref.digest] = self._says(ref)
        return self._texts[ref.digest]


def _reasons(event: ArtefactEvent | None) -> tuple[str, ...]:
    """Why it was made, and if so, who could not make it."""
    fallback = fallback_of(event)
    instead = (f"instead of {fallback['from']}: {fallback['because']}",) if fallback else ()
    return (*event.reasons, *instead) if event else ()


def _counts(pieces: Sequence[Piece]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for piece in pieces:
        counts[piece.name.kind] = counts.get(piece.name.kind, 0) + 1
    return counts


def _title(inputs: Mapping[str, Any]) -> str:
    """What movie.yaml calls it: films read that themselves, all else knows it from the brief."""
    brief = inputs.get("brief")  # of the predecessor's revisions it is a text
    return inputs.get("title") or (brief.get("title") if isinstance(brief, Mapping) else "") or ""


def _shortened(text: str) -> str:
    """As many words as a list of chapters has room for."""
    text = " ".join(text.split())
    if len(text) <= _TITLE_LENGTH:
        return text
    head, _, _ = text[:_TITLE_LENGTH].rpartition(" ")
    return (head or text[:_TITLE_LENGTH]).rstrip(" ,;:–—") + "…"
