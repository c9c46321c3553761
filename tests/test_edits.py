"""The specification of edits: a config in, calls of providers counted, a film out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.artefact import Name
from movie_assets.core.errors import Damaged, Failed, MovieError, Refused, Transient
from movie_assets.core.manifest import Manifest
from movie_assets.core.ports import PaintRequest
from movie_assets.core.store.disk import Disk
from movie_assets.core.store.local import LocalDriver
from resources.instant import InstantPorts
from resources.studio import Studio

FIRST = {"paint": 3, "speak": 3, "compose": 1, "clip": 3, "soundtrack": 1, "film": 1}
SECTIONS = {
    "One": "The first sentence.",
    "Two": "The second sentence is longer.",
    "Three": "The third.",
}


class Tale:
    """A movie of three segments with a person's own script, and how often anybody was called for it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ports = folder / "movies" / "tale", InstantPorts()
        self.folder.mkdir(parents=True)
        self.fields: dict[str, Any] = {
            "title": "Tale",
            "segments": 3,
            "duration": 20,
            "script": {"source": "script.md"},
            "narration": {"voice": "en-us"},
        }
        self.script(SECTIONS)
        self.says()

    def says(self, **fields: Any) -> None:
        """Sets fields of movie.yaml; None takes one away."""
        self.fields = {name: value for name, value in {**self.fields, **fields}.items() if value is not None}
        (self.folder / "movie.yaml").write_text(json.dumps(self.fields))

    def script(self, sections: dict[str, str]) -> None:
        parts = [f"## {name}\n\n{text}\n\n> picture: {name}\n" for name, text in sections.items()]
        (self.folder / "script.md").write_text("\n".join(["# Tale\n\nA summary.\n\nmood: calm\n", *parts]))

    def file(self, name: str, data: bytes | str) -> str:
        (self.folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        return name

    def studio(self, root: str = "builds", ports: InstantPorts | None = None) -> Studio:
        project = self.folder.parent.parent
        studio = Studio(project, root, ports=ports or self.ports)
        # Nobody cuts the power here: what is written need not be waited for.
        quick = Disk(sync=lambda descriptor: None, sync_data=lambda descriptor: None)
        vars(studio)["driver"] = LocalDriver(project / root, quick)
        return studio

    def make(self, *targets: str) -> dict[str, int]:
        """Makes the movie, or some artefacts and what they need; the calls it took."""
        self.ports.calls.clear()
        names = frozenset(map(Name.parse, targets)) or None
        _produce(self.studio(), names)
        return dict(self.ports.calls)

    def plan(self) -> dict[str, tuple[str, ...]]:
        """The jobs that must or may run, with their reasons."""
        plan = self.studio().open("tale").plan()
        return {job.job_id: job.reasons for layer in plan.layers for job in layer}

    @property
    def store(self) -> Any:
        return self.studio().store("tale")

    @property
    def live(self) -> Manifest:
        manifest = self.store.manifests.live()
        assert manifest is not None
        return manifest

    def made(self) -> dict[str, str]:
        """The digest of every artefact of the newest revision."""
        return {name: record.blob.digest for name, record in self.live.artefacts.items()}

    def from_scratch(self) -> dict[str, str]:
        """The digest of every artefact, made in an empty store."""
        studio = self.studio(f"fresh-{self.live.revision}", InstantPorts())
        _produce(studio, None)
        manifest = studio.store("tale").manifests.live()
        assert manifest is not None
        return {name: record.blob.digest for name, record in manifest.artefacts.items()}

    def blob(self, name: str) -> Path:
        digest = self.made()[name]
        (found,) = (self.folder.parent.parent / "builds" / "tale" / "blobs").rglob(digest)
        found.chmod(0o644)
        return found

    def log(self) -> Path:
        return self.folder.parent.parent / "builds" / "tale" / "events" / "artefacts.log"

    def hint(self) -> Path:
        return self.folder.parent.parent / "builds" / "tale" / "current.json"

    def files(self) -> dict[str, bytes]:
        root = self.folder.parent.parent
        return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _produce(studio: Studio, targets: frozenset[Name] | None) -> None:
    production = studio.open("tale").produce(targets)
    if production.has_work:
        production.begin()
        list(production.outcomes())
        if (error := production.error()) is not None:
            raise error
        production.publish()


@pytest.fixture
def tale(tmp_path: Path) -> Iterator[Tale]:
    """The movie, made once."""
    tale = Tale(tmp_path)
    assert tale.make() == FIRST
    yield tale


def segment(number: int, **fields: Any) -> dict[str, Any]:
    return {"overrides": {str(number): fields}}


JOIN = {"soundtrack": 1, "film": 1}
EDITS: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "title": ({"title": "Another"}, {"film": 1}),
    "brief, with a person's own script": ({"brief": "Something else."}, {}),
    "caption style": ({"captions": {"style": "plain"}}, {"clip": 3, "film": 1}),
    "no captions": ({"captions": "none"}, {"clip": 3, "film": 1}),
    "voice, equally fast": ({"narration": {"voice": "en-gb"}}, {"speak": 3, **JOIN}),
    "voice of one segment": (segment(1, narration={"voice": "en-gb"}), {"speak": 1, **JOIN}),
    "model of the voice": ({"narration": {"voice": "en-us", "model": "other"}}, {"speak": 3, **JOIN}),
    "words of one narration": (
        segment(1, narration={"text": "Other words."}),
        {"speak": 1, "clip": 1, **JOIN},
    ),
    "one word of one narration": (
        segment(1, narration={"text": "The second sentence is shorter."}),
        {"speak": 1, "clip": 1, **JOIN},
    ),
    "prompt of one picture": (
        segment(1, picture={"prompt": "a cactus"}),
        {"paint": 1, "clip": 2, "film": 1},
    ),
    "prompt of the last picture": (
        segment(2, picture={"prompt": "a cactus"}),
        {"paint": 1, "clip": 1, "film": 1},
    ),
    "style of all pictures": ({"picture": {"style": "woodcut"}}, {"paint": 3, "clip": 3, "film": 1}),
    "model of the painter": ({"picture": {"model": "other"}}, {"paint": 3, "clip": 3, "film": 1}),
    "a setting only the painter knows": (
        {"picture": {"settings": {"seed": 7}}},
        {"paint": 3, "clip": 3, "film": 1},
    ),
    "another take of one picture": ({"takes": {"picture[1]": 2}}, {"paint": 1, "clip": 2, "film": 1}),
    "camera of one segment": (segment(1, motion={"move": "pan-up"}), {"clip": 2, "film": 1}),
    "one segment animated": (segment(1, motion="animated"), {"animate": 1, "clip": 2, "film": 1}),
    "one transition": (segment(2, transition="cut"), {"clip": 1, "film": 1}),
    "pause": ({"pause": 1.0}, {"clip": 3, **JOIN}),
    "pictures per second": ({"frame": {"fps": 25}}, {"clip": 3, **JOIN}),
    "shape": ({"frame": {"width": 720, "height": 1280}}, {"paint": 3, "clip": 3, "film": 1}),
    "volume of the music": ({"music": {"volume": 0.1}}, JOIN),
    "mood of the music": ({"music": {"mood": "dread"}}, {"compose": 1, **JOIN}),
    "no music": ({"music": "none"}, JOIN),
    "target length": ({"duration": 40}, {"compose": 1, **JOIN}),
    "language": ({"language": "de"}, {"speak": 3, "clip": 3, **JOIN}),
    "a budget": ({"budget_usd": 1.0}, {}),
}


@pytest.mark.parametrize(("fields", "calls"), EDITS.values(), ids=EDITS)
def test_an_edit_costs_what_it_changes_and_going_back_costs_nothing(
    tale: Tale, fields: dict[str, Any], calls: dict[str, int]
) -> None:
    """The film is the one an empty store would give; v1, v2, v1 ends where it began, at no call."""
    before, said = tale.made(), dict(tale.fields)
    tale.says(**fields)
    assert tale.make() == calls
    assert tale.made() == tale.from_scratch()
    assert tale.make() == {} and tale.plan() == {}
    tale.fields = said
    tale.says()
    assert tale.make() == {}
    assert tale.made() == before


# --- the script and its segments -----------------------------------------------------------------------------


def test_a_sentence_of_the_script_makes_one_narration_its_clip_and_the_join(tale: Tale) -> None:
    """The script is read again, for nothing; every other segment's slice of it has the same bytes."""
    tale.script({**SECTIONS, "Two": "Quite another sentence."})
    assert tale.make() == {"speak": 1, "clip": 1, **JOIN}
    assert tale.made() == tale.from_scratch()


def test_identical_bytes_stop_the_rebuild(tale: Tale) -> None:
    """A script file that is only formatted differently says nothing new."""
    script = tale.folder / "script.md"
    script.write_text(script.read_text().replace("\n\n", "\n\n\n"))
    assert tale.make() == {}


def test_a_removed_segment_leaves_the_manifest_and_comes_back_for_nothing(tale: Tale) -> None:
    """Its events stay in the log, so that it is reused, film included."""
    before = tale.made()
    tale.script({name: SECTIONS[name] for name in ("One", "Two")})
    tale.says(segments=2)
    assert tale.make() == JOIN
    assert not [name for name in tale.live.artefacts if "[2]" in name]
    assert not [name for name in tale.live.inputs if "[2]" in name]
    assert tale.made() == tale.from_scratch()
    tale.script(SECTIONS)
    tale.says(segments=3)
    assert tale.make() == {}
    assert tale.made() == before


@pytest.mark.parametrize(("place", "clips"), [(0, 2), (1, 2), (2, 2), (3, 1)])
def test_a_new_segment_makes_itself_the_clip_after_it_and_the_join(
    tale: Tale, place: int, clips: int
) -> None:
    """Wherever it is put: a segment's number is in no digest."""
    names = list(SECTIONS)
    names.insert(place, "New")
    tale.script({name: SECTIONS.get(name, "A wholly new one.") for name in names})
    tale.says(segments=4)
    assert tale.make() == {"paint": 1, "speak": 1, "clip": clips, **JOIN}
    assert tale.made() == tale.from_scratch()


def test_reordering_segments_buys_nothing(tale: Tale) -> None:
    """Only clips are rendered that follow another picture than before, and the join."""
    tale.script({name: SECTIONS[name] for name in ("One", "Three", "Two")})
    assert tale.make() == {"clip": 2, **JOIN}
    assert tale.made() == tale.from_scratch()


# --- takes and pins -----------------------------------------------------------------------------------------


def test_a_take_lasts_until_it_is_removed(tale: Tale) -> None:
    """Other edits neither lose it nor ask for it again."""
    first = tale.made()["picture[1]"]
    tale.says(takes={"picture[1]": 2})
    tale.make()
    second = tale.made()["picture[1]"]
    assert second != first
    tale.says(narration={"voice": "en-gb"})
    assert tale.make() == {"speak": 3, **JOIN}
    assert tale.made()["picture[1]"] == second
    tale.says(takes=None)
    assert "paint" not in tale.make()
    assert tale.made()["picture[1]"] == first


def test_a_pin_lasts_until_it_is_removed(tale: Tale) -> None:
    """What is pinned stays as it is, whatever it would be made from."""
    first = tale.made()["picture[1]"]
    tale.says(pins=["picture[1]"], picture={"style": "woodcut"})
    assert tale.make() == {"paint": 2, "clip": 3, "film": 1}
    tale.says(picture={"style": "watercolour"})
    assert tale.make() == {"paint": 2, "clip": 3, "film": 1}
    assert tale.made()["picture[1]"] == first
    tale.says(pins=None)
    assert tale.make() == {"paint": 1, "clip": 2, "film": 1}
    assert tale.made() == tale.from_scratch()


# --- a person's own files -----------------------------------------------------------------------------------

WORDS = {"duration": 2.0, "words": [{"text": "Mine.", "start": 0.0, "end": 1.0}]}
MINE = {
    "title": "Mine",
    "summary": "",
    "mood": "calm",
    "segments": [
        {"text": "The first sentence.", "prompt": "One"},
        {"text": "All mine.", "prompt": "Two"},
        {"text": "The third.", "prompt": "Three"},
    ],
}
FILES: dict[str, tuple[str, str, dict[str, int]]] = {
    "clip[1]": ("my.mp4", "my clip", {"film": 1}),
    "picture_prompt[1]": ("prompt.txt", "a cactus", {"paint": 1, "clip": 2, "film": 1}),
    "segment_text[1]": ("text.txt", "My own words.", {"speak": 1, "clip": 1, **JOIN}),
    "narration[1]": ("voice.wav", "my voice", JOIN),
    "words[1]": ("words.json", json.dumps(WORDS), {"clip": 1, **JOIN}),
    "motion[1]": ("motion.mp4", "my motion", {"clip": 2, "film": 1}),
    "music": ("score.wav", "my score", JOIN),
    "music_prompt": ("mood.txt", "dread", {"compose": 1, **JOIN}),
    "subtitles": ("my.srt", "1\n00:00:00,000 --> 00:00:01,000\nMine.\n", {"film": 1}),
    "soundtrack": ("mix.m4a", "my mix", {"film": 1}),
    "film": ("film.mp4", "my film", {}),
    "script": ("mine.json", json.dumps(MINE), {"speak": 1, "clip": 1, **JOIN}),
}


@pytest.mark.parametrize(("name", "given"), FILES.items(), ids=FILES)
def test_a_file_replaces_any_artefact_and_only_its_consumers_are_made_again(
    tale: Tale, name: str, given: tuple[str, str, dict[str, int]]
) -> None:
    """The artefact is the file's bytes; removing the line brings everything back at no call."""
    before = tale.made()
    file_name, data, calls = given
    tale.says(replace={name: tale.file(file_name, data)})
    assert tale.make() == calls
    record = tale.live.artefacts[name]
    assert tale.store.read(record.blob) == data.encode()
    assert record.produced_by == f"{Name.parse(name).kind}_file"
    assert tale.made() == tale.from_scratch()
    assert tale.make() == {} and tale.plan() == {}
    tale.says(replace=None)
    assert tale.make() == {}
    assert tale.made() == before
    assert not [name for name in tale.live.inputs if name.startswith("replace")]


def test_nothing_overwrites_a_replaced_artefact(tale: Tale) -> None:
    """Whatever it would be made from changes; another file in its place is an edit like any other."""
    tale.says(replace={"clip[1]": tale.file("my.mp4", "my clip")})
    tale.make()
    tale.says(picture={"style": "woodcut"}, captions={"style": "plain"})
    assert "replaced" not in str(tale.plan()) and "clip[1]" not in tale.plan()
    assert tale.make() == {"paint": 3, "clip": 2, "film": 1}
    assert tale.store.read(tale.live.artefacts["clip[1]"].blob) == b"my clip"
    tale.file("my.mp4", "my other clip")
    assert tale.make() == {"film": 1}
    assert tale.store.read(tale.live.artefacts["clip[1]"].blob) == b"my other clip"
    tale.says(replace=None)
    assert tale.make() == {"clip": 1, "film": 1}
    assert tale.made() == tale.from_scratch()


def test_a_replaced_artefact_does_not_wait_for_what_it_would_be_made_from(tale: Tale) -> None:
    """Its picture fails; the clip in its place stands, and only the clips that show the picture are missing."""
    tale.says(
        replace={"clip[1]": tale.file("my.mp4", "my clip")}, **segment(1, picture={"prompt": "a cactus"})
    )
    tale.ports.before = _refuse_painting
    with pytest.raises(MovieError, match="no paint left") as caught:
        tale.make()
    assert caught.value.labels["blocks"] == "motion[1], clip[2], film"


def test_what_is_left_of_a_producer_is_made_without_what_is_replaced(tale: Tale) -> None:
    """A voice is spoken with a person's own word times: the provider's are dropped."""
    tale.says(replace={"words[1]": tale.file("words.json", json.dumps(WORDS))}, narration={"voice": "en-gb"})
    assert tale.make() == {"speak": 3, "clip": 1, **JOIN}
    assert json.loads(tale.store.read(tale.live.artefacts["words[1]"].blob)) == WORDS


def test_the_plan_says_that_a_file_replaces_an_artefact(tale: Tale) -> None:
    """And that what it made is made again when the line goes and nothing else is known."""
    tale.says(replace={"clip[1]": tale.file("my.mp4", "my clip")})
    assert tale.plan() == {
        "clip_file[1]": ("producer clip → clip_file",),
        "film": ("clip[*] changed",),
    }
    tale.make()
    tale.says(replace=None, captions={"style": "plain"})
    assert tale.plan()["clip[1]"] == ("producer clip_file → clip",)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"replace": {"clip[3]": "my.mp4"}}, r"there is no segment 3"),
        ({"replace": {"poem": "my.mp4"}}, r"have no artefact poem"),
        ({"replace": {"clip": "my.mp4"}}, r"have no artefact clip"),
        ({"replace": {"clip[1]": "gone.mp4"}}, r"gone\.mp4 does not exist"),
        ({"replace": {"clip[1]": "../tale/../../x.mp4"}}, r"outside"),
        ({"replace": {"clip[1]": "words.json"}}, r"must be a video, but words\.json is application/json"),
        ({"replace": {"picture[1]": "fake.png"}}, r"fake\.png"),
        ({"replace": {"clip[1]": None}}, r"replace\.clip\[1\]: must be the name of a file"),
        ({"replace": {"script": "words.json"}}, r"replaces script is not a script as JSON"),
        ({"replace": {"words[1]": "broken.json"}}, r"replaces words\[1\] is not word times as JSON"),
        ({"replace": {"script": "short.json"}}, r"the script has 1 segments, and none for segment 1"),
        ({"replace": {"clip[1]": "my.mp4"}, "pins": ["clip[1]"]}, r"remove the pin"),
    ],
)
def test_a_file_that_cannot_stand_there_is_refused_before_anything_is_made(
    tale: Tale, fields: dict[str, Any], said: str
) -> None:
    """By the plan already, and nothing on disk changes."""
    tale.file("my.mp4", "my clip")
    tale.file("words.json", json.dumps(WORDS))
    tale.file("broken.json", "{")
    tale.file("fake.png", "no picture")
    tale.file("short.json", json.dumps({**MINE, "segments": MINE["segments"][:1]}))
    tale.says(**fields)
    before = tale.files()
    with pytest.raises(Refused, match=said):
        tale.plan()
    assert tale.files() == before


# --- failures and partial runs ------------------------------------------------------------------------------


def _refuse_painting(request: object) -> None:
    if isinstance(request, PaintRequest):
        raise Transient("no paint left")


def test_what_failed_blocks_what_reads_it_and_is_planned_again(tale: Tale) -> None:
    """Prompt changed and the painter fails: no clip is made from the old picture; the next plan holds just those."""
    revision = tale.live.revision
    tale.says(**segment(1, picture={"prompt": "a cactus"}))
    tale.ports.before = _refuse_painting
    with pytest.raises(MovieError, match="no paint left"):
        tale.make()
    assert tale.ports.calls == {"paint": 1}
    assert tale.live.revision == revision
    plan = tale.plan()
    assert set(plan) == {"picture[1]", "motion[1]", "clip[1]", "clip[2]", "film"}
    assert plan["picture[1]"] == ("last attempt failed",)
    tale.ports.before = lambda request: None
    assert tale.make() == {"paint": 1, "clip": 2, "film": 1}
    assert tale.made() == tale.from_scratch()


def test_a_part_of_a_failed_run_that_succeeded_is_not_paid_again(tale: Tale) -> None:
    """Voice and picture change, the painter fails: the voices are kept."""
    tale.says(narration={"voice": "en-gb"}, **segment(1, picture={"prompt": "a cactus"}))
    tale.ports.before = _refuse_painting
    with pytest.raises(MovieError):
        tale.make()
    tale.ports.before = lambda request: None
    assert tale.make() == {"paint": 1, "clip": 2, "film": 1}


@pytest.mark.parametrize(
    ("edit", "target", "rest"),
    [
        (segment(1, picture={"prompt": "a cactus"}), "picture[1]", {"clip": 2, "film": 1}),
        (segment(1, narration={"text": "Two words."}), "words[1]", {"clip": 1, **JOIN}),
        (segment(1, transition="cut"), "clip[1]", {"film": 1}),
    ],
)
def test_after_only_a_part_was_made_the_rest_is_planned(
    tale: Tale, edit: dict[str, Any], target: str, rest: dict[str, int]
) -> None:
    """Also where the rest is a fan-in; the part published nothing."""
    revision = tale.live.revision
    tale.says(**edit)
    tale.make(target)
    assert tale.live.revision == revision
    assert tale.make() == rest
    assert tale.made() == tale.from_scratch()


def test_a_producer_that_gives_one_of_two_has_failed(tale: Tale, monkeypatch: pytest.MonkeyPatch) -> None:
    """A voice whose length cannot be told has no word times; neither is recorded as a success."""
    log = tale.log().read_bytes()
    tale.says(**segment(1, narration={"text": "Other words."}))

    def no_sound(self: InstantPorts, sound: Path) -> float:
        raise Failed("this is no sound")

    monkeypatch.setattr(InstantPorts, "seconds", no_sound)
    with pytest.raises(Failed, match="no sound"):
        tale.make()
    added = tale.log().read_bytes().removeprefix(log).decode()
    assert '"artefactId":"narration[1]"' in added and '"status":"failed"' in added
    assert not [
        line
        for line in added.splitlines()
        if '"status":"succeeded"' in line and '"artefactId":"segment_text[1]"' not in line
    ]
    monkeypatch.undo()
    assert tale.make() == {"speak": 1, "clip": 1, **JOIN}


# --- what is on disk ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["deleted", "truncated"])
@pytest.mark.parametrize(
    ("name", "call"), [("picture[1]", "paint"), ("narration[1]", "speak"), ("clip[1]", "clip")]
)
def test_a_blob_that_is_gone_is_planned_and_made_again(tale: Tale, damage: str, name: str, call: str) -> None:
    """And nothing else, for it has the bytes it had."""
    before, blob = tale.made(), tale.blob(name)
    if damage == "deleted":
        blob.unlink()
    else:
        blob.write_bytes(blob.read_bytes()[:-1])
    assert tale.plan()[name] == ("blob missing",)
    assert tale.make() == {call: 1}
    assert tale.made() == before
    assert tale.plan() == {}


def test_readers_refuse_wrong_bytes(tale: Tale) -> None:
    """Of the right length, so that only the digest tells: nothing is joined from them."""
    blob = tale.blob("clip[1]")
    blob.write_bytes(b"x" + blob.read_bytes()[1:])
    tale.says(title="Another")
    with pytest.raises(Damaged):
        tale.make()


def test_a_torn_last_line_of_the_log_is_ignored(tale: Tale) -> None:
    """Every whole line before it counts, and the next one starts afresh."""
    with tale.log().open("ab") as stream:
        stream.write(b'\n12345678 {"eventId": "torn')
    assert tale.plan() == {}
    tale.says(title="Another")
    assert tale.make() == {"film": 1}
    assert tale.plan() == {}
    assert tale.made() == tale.from_scratch()


@pytest.mark.parametrize("damage", ["missing", "torn", "behind"])
def test_the_hint_is_rebuilt_from_the_manifests(tale: Tale, damage: str) -> None:
    """`current.json` is missing, torn or older than they are: nothing is made again."""
    behind = tale.hint().read_bytes()
    tale.says(title="Another")
    tale.make()
    right = tale.hint().read_bytes()
    if damage == "missing":
        tale.hint().unlink()
    else:
        tale.hint().write_bytes(right[:20] if damage == "torn" else behind)
    assert tale.live.revision == "rev-0002"
    assert tale.make() == {}
    tale.says(title="A third")
    assert tale.make() == {"film": 1}
    assert tale.live.revision == "rev-0003"
    assert tale.hint().read_bytes() != right


def test_a_plan_that_is_not_carried_out_changes_nothing_on_disk(tale: Tale) -> None:
    """A dry run, or an edit that the person declines after seeing what it costs."""
    tale.says(replace={"clip[1]": tale.file("my.mp4", "my clip")}, picture={"style": "woodcut"})
    before = tale.files()
    assert tale.plan()
    production = tale.studio().open("tale").produce()
    assert production.has_work
    assert tale.files() == before
