"""What becomes of the predecessor's movies, the odd ones above all."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_assets.core.cost import Cost
from movie_assets.core.errors import Conflict, MovieError, Refused
from movie_assets.core.event import ArtefactEvent
from movie_assets.core.manifest import Manifest, Pruned, fold, sealed
from movie_assets.core.references import references
from movie_assets.core.script_file import parse_script
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.faulty import Fault, FaultyDriver
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.verify import verify
from movie_assets.core.storyboard import storyboards_of
from movie_assets.core.toy import FakeClock
from resources.instant import InstantPorts
from resources.legacy import tree as trees
from resources.legacy.importing import Import, Imported
from resources.legacy.records import read_legacy
from resources.legacy.tree import Tree
from resources.studio import Studio

MOVIE = "movie_civilwar_001"


def bring(folder: Path, driver: Driver, movies: Path) -> Imported:
    tree = Tree(folder)
    legacy = read_legacy(tree)
    work = Import(folder, tree, legacy, MovieStore(driver, MOVIE), movies / MOVIE)
    with tempfile.TemporaryDirectory() as scratch:
        return work.take(FakeClock(), Path(scratch))


class Kept:
    """An import into an empty store, and what is there after it."""

    def __init__(self, folder: Path, driver: Driver | None = None) -> None:
        self.driver = driver or MemoryDriver()
        self.project = Path(tempfile.mkdtemp(dir=folder.parent))
        self.movies = self.project / "movies"
        before = digest(folder)
        self.said = bring(folder, self.driver, self.movies)
        assert digest(folder) == before, "nothing is ever written into the folder"
        self.store = MovieStore(self.driver, MOVIE)

    def check_ready(self) -> None:
        """A film can be made of what was written, and costs nothing."""
        parse_script((self.movies / MOVIE / "imported" / "script.md").read_text())
        movie = Studio(self.project, str(self.project / "empty"), ports=InstantPorts()).open(MOVIE)
        plan = movie.plan()
        assert (plan.must_cost, plan.may_cost) == (Cost(), Cost())

    def revision(self, number: int) -> Manifest:
        return self.store.manifests.read(number)

    def bytes(self, number: int, name: str) -> bytes:
        return self.store.read(self.revision(number).artefacts[name].blob)

    def left_out(self, what: str) -> list[str]:
        return [each.why for each in self.said.left_out if what in each.what]


def digest(folder: Path) -> str:
    """Of every name, every byte and every mode."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    said = [f"{path} {path.stat().st_mode}".encode() + path.read_bytes() for path in files]
    return hashlib.sha256(b"\0".join(said)).hexdigest()


def test_a_clean_movie_is_taken_with_all_its_revisions(old: Any) -> None:
    """rev0 is rev-0001; a revision holds what its folder lacks from the one before, and blobs are kept once."""
    kept = Kept(old.write())
    assert [(each.legacy, each.revision) for each in kept.said.revisions] == [
        ("rev0", "rev-0001"),
        ("rev1", "rev-0002"),
    ]
    assert kept.bytes(1, "narration[0]") == old.files["assets/rev0/narration/seg0.mp3"]
    assert kept.bytes(2, "narration[0]") == old.files["assets/rev1/narration/seg0.mp3"]
    assert kept.bytes(2, "picture[1]") == old.files["assets/rev0/images/seg1/img0.png"]
    assert kept.bytes(2, "segment_text[1]") == b"Part 1 is told."
    assert len(kept.store.blobs.sizes()) == len(set(old.files.values()))
    assert verify(kept.store).findings == ()
    assert kept.said.left_out == ()


def test_what_was_set_is_told_input_by_input(old: Any) -> None:
    """Sections become single inputs, with who set them when; what only configuration.json says is the system's."""
    kept = Kept(old.write())
    payloads = {name: each.payload for name, each in kept.revision(2).inputs.items()}
    assert payloads == {
        "voice": "bright_narrator",
        "brief": "Tell of the war.",
        "length": 30,
        "language": "en",
        "use_video": False,
    }
    edits = [(edit.id, edit.payload, edit.edited_by) for edit in kept.store.events.inputs()]
    assert edits[:2] == [("voice", "deep_narrator", "user"), ("brief", "Tell of the war.", "user")]
    assert ("length", 30, "system") in edits


def test_old_hashes_are_diagnostics(old: Any) -> None:
    """They are labels; digests are of the bytes."""
    kept = Kept(old.write())
    event = next(event for event in kept.store.events.artefacts() if event.artefact_id == "picture[0]")
    assert event.diagnostics["legacy"]["contentHash"] == "sha:segment_image_asset_0_0@0"
    data = old.files["assets/rev0/images/seg0/img0.png"]
    assert event.output is not None
    assert event.output.digest == hashlib.sha256(data).hexdigest()
    assert event.provider == "replicate"


def test_timelines_name_digests(old: Any) -> None:
    """Also where clips overlap, as the predecessor's did: a segment of ours lasts until the next begins."""
    kept = Kept(old.write())
    told = json.loads(kept.bytes(2, "legacy_timeline"))
    voice = told["tracks"]["voice"]["clips"][0]
    assert voice["digest"] == kept.revision(2).artefacts["narration[0]"].blob.digest
    assert voice["artefact"] == "narration[0]"
    assert "Url" not in json.dumps(told)
    segments = kept.revision(2).timeline["segments"]
    assert [(each["startFrame"], each["frames"], each["voiceStart"]) for each in segments] == [
        (0, 150, 0.5),
        (150, 150, 5.5),
    ]


def test_costs_and_failures_come_from_the_jobs(old: Any) -> None:
    """A failed line is a failed event, and no manifest has it."""
    old.line("narration_asset_1", 2, status="failed", asset_path="assets/rev2/narration/seg1.mp3")
    old.documents["dag/jobs/j1-audio_producer-rev2.json"] = {
        "jobId": "j1", "producer": "audio_producer", "status": "failed", "outputs": ["narration_asset_1"],
        "cost": 0.02, "provider": "elevenlabs", "error": "quota", "started_at": "2025-10-22T10:00:00Z",
        "completed_at": "2025-10-22T10:00:03Z",
    }  # fmt: skip
    kept = Kept(old.write())
    event = next(event for event in kept.store.events.artefacts() if event.status == "failed")
    assert (event.artefact_id, event.provider, event.cost, event.seconds) == (
        "narration[1]",
        "elevenlabs",
        0.02,
        3.0,
    )
    assert event.diagnostics["fact"] == "quota"
    assert kept.store.manifests.numbers() == [1, 2]


def test_gaps_are_tombstones(old: Any) -> None:
    """So that rev4 is rev-0005, and nobody wins the number of what was pruned."""
    old.asset("narration_asset_0", 4, "narration/seg0.mp3", b"RIFF new")
    kept = Kept(old.write())
    assert kept.store.manifests.numbers() == [1, 2, 3, 4, 5]
    with pytest.raises(Pruned, match="kept nothing of its rev2"):
        _raised(lambda: kept.revision(3))
    assert kept.revision(5).base_revision == "rev-0002"
    assert verify(kept.store).findings == ()


def _raised(act: Callable[[], object]) -> None:
    """What was raised, with its reason in its text."""
    try:
        act()
    except MovieError as error:
        raise type(error)(str(error)) from error


def test_a_consolidation_adds_no_bytes_and_finds_what_was_pruned(old: Any) -> None:
    """Its lines repeat hashes under new paths; the folders they stood for may be gone."""
    mirrored = [line for line in list(old.lines) if line["asset_path"]]
    newest = {line["id"]: line for line in mirrored}
    for id, line in newest.items():
        below = line["asset_path"].split("/", 2)[2]
        old.asset(id, 3, below, old.files[line["asset_path"]], content_hash=line["content_hash"])
    for path in [path for path in old.files if path.startswith("assets/rev1/")]:
        del old.files[path]
    old.snapshot(3)
    kept = Kept(old.write())
    assert kept.said.mirrored == len(newest)
    assert kept.bytes(2, "narration[0]") == old.files["assets/rev3/narration/seg0.mp3"]
    assert kept.revision(4).artefacts["narration[0]"] == kept.revision(2).artefacts["narration[0]"]


def test_files_that_only_a_consolidated_folder_has_are_found(old: Any) -> None:
    """Even when no line says so, or lines say `current`; an older voice is never taken for a newer one."""
    for line in old.lines:
        if line["asset_path"]:
            line["asset_path"] = line["asset_path"].replace("rev0/", "current/")
    old.files = {path.replace("rev0/", "rev1/") if "narration" not in path else path: data for path, data in old.files.items()}  # fmt: skip
    kept = Kept(old.write())
    assert kept.bytes(1, "picture[0]") == old.files["assets/rev1/images/seg0/img0.png"]
    assert kept.bytes(1, "narration[0]") == old.files["assets/rev0/narration/seg0.mp3"]
    assert kept.bytes(2, "narration[0]") == old.files["assets/rev1/narration/seg0.mp3"]


def test_what_is_gone_is_left_out_and_said(old: Any) -> None:
    """The revision is there without it."""
    del old.files["assets/rev0/narration/seg0.mp3"]
    old.files["assets/rev1_cons/narration/seg0.mp3"] = b"half copied"
    kept = Kept(old.write())
    assert "narration[0]" not in kept.revision(1).artefacts
    assert "is gone" in kept.left_out("narration_asset_0 of rev0")[0]
    assert "narration[0]" in kept.revision(2).artefacts


@pytest.mark.parametrize(
    "path",
    ["../../secret.png", "/etc/passwd", "assets/../../secret.png", "assets/rev0/../../../secret.png", "secret.png",
     "assets/rev0/link.png", "assets/rev0_cons/x.png", "assets\\rev0\\x.png", "assets/rev0/a\0b.png", "s3://b/x.png"],
)  # fmt: skip
def test_no_path_leads_out_of_the_folder(old: Any, path: str) -> None:
    """Not by its parts, not by a link."""
    old.lines = [line for line in old.lines if line["id"] != "segment_image_asset_0_0"]
    for name in ("images/seg0/img0.png",):
        old.files.pop(f"assets/rev0/{name}")
    old.line("segment_image_asset_0_0", 0, asset_path=path)
    folder = old.write()
    (folder.parent / "secret.png").write_bytes(b"secret")
    (folder / "assets" / "rev0" / "link.png").symlink_to(folder.parent / "secret.png")
    kept = Kept(folder)
    assert "picture[0]" not in kept.revision(1).artefacts
    assert kept.left_out("segment_image_asset_0_0")
    assert all(kept.driver.get(key) != b"secret" for key in kept.driver.list(f"{MOVIE}/blobs/"))


def test_torn_and_foreign_lines_spoil_no_other(old: Any) -> None:
    """A line cut short, one that is no object, one that names nothing, one of an unknown status, an unknown kind."""
    old.line("narration_asset_0", 1, status="running")
    old.lines.insert(0, b'{"id": "movie_ti')
    old.lines += [
        [1, 2],
        {"rev": 0},
        {"id": "x", "rev": -1},
        {"id": "x", "rev": 10**9},
        {"id": "../x", "rev": 0},
    ]
    old.line("voice_memo_3", 0, content="kept under its own name")
    old.line("clip", 0, content="means something else here")
    old.line("segment_image_asset_9999_0", 0, content="?")
    old.raw["dag/snapshots/rev0.json"] = b'{"revision": 0, "artif'
    old.snapshots.clear()
    kept = Kept(old.write())
    assert kept.bytes(2, "voice_memo_3") == b"kept under its own name"
    assert "narration[0]" in kept.revision(2).artefacts
    assert "torn" in kept.left_out("artifacts.jsonl, line 1")[0]
    assert "torn" in kept.left_out("dag/snapshots/rev0.json")[0]
    assert "running" in kept.left_out("narration_asset_0 of rev1")[-1]
    assert "something else" in kept.left_out("clip of rev0")[0]
    assert "9999" in kept.left_out("segment_image_asset_9999_0")[0]


def test_the_last_line_of_a_revision_stands(old: Any) -> None:
    """A failure after a success of the same revision leaves the revision before in its place."""
    old.line("music_prompt", 1, content="loud drums")
    old.line("music_prompt", 1, content="soft drums")
    old.line("movie_title", 1, content="War")
    old.line("movie_title", 1, status="failed")
    old.snapshot(1)
    kept = Kept(old.write())
    assert kept.bytes(2, "music_prompt") == b"soft drums"
    assert kept.bytes(2, "movie_title") == b"Civil War"
    assert "a later line" in kept.left_out("music_prompt of rev1")[0]


def test_a_snapshot_says_what_stands(old: Any) -> None:
    """A segment that was removed is not in it, and an older result that it names stands again."""
    old.snapshot(2)
    hashes = old.snapshots[2]["artifact_hashes"]
    hashes["narration_asset_0"] = "sha:narration_asset_0@0"
    for name in [name for name in hashes if "_1" in name]:
        del hashes[name]
    kept = Kept(old.write())
    assert kept.revision(3).segments == 1
    assert kept.bytes(3, "narration[0]") == kept.bytes(1, "narration[0]")
    skipped = [event for event in kept.store.events.artefacts() if event.status == "skipped"]
    assert [event.artefact_id for event in skipped] == ["narration[0]"]


def test_the_oldest_variant_is_read(old: Any) -> None:
    """Its logs have other names, one is an object with `lines`, and files are found where they always lay."""
    tags = [
        {"id": line["id"], "version": line["rev"], "checksum": line["content_hash"], "producedBy": "p"}
        for line in old.lines
        if line["asset_path"]
    ]
    tags.append({"id": "music_asset", "version": 1, "dirtyReason": "no", "failedAt": "2025-10-22T10:00:00Z"})
    old.raw["dag/tags.jsonl"] = json.dumps({"lines": [*tags[:3], *map(json.dumps, tags[3:])]}).encode()
    old.raw["dag/cuis.jsonl"] = json.dumps({"id": "inquiry_prompt", "rev": 0, "content": "Old."}).encode()
    old.lines, old.edits, old.snapshots = [], [], {}
    old.documents |= {"metadata.json": {"video_id": "oldest"}, "dag/nodes.json": {"nodes": [{"id": "p"}]}}
    kept = Kept(old.write())
    assert kept.said.legacy_movie == "oldest"
    assert kept.bytes(2, "narration[1]") == old.files["assets/rev1/narration/seg1.mp3"]
    assert kept.revision(1).inputs["brief"].payload == "Old."
    assert [event.status for event in kept.store.events.artefacts() if event.name.kind == "music"] == [
        "succeeded",
        "failed",
    ]


def test_further_pictures_and_videos_are_kept(old: Any) -> None:
    """The second picture of a segment is picture_1; a video is its motion; a starting picture stands in for a picture."""
    old.asset("segment_image_asset_0_1", 1, "images/seg0/img1.png", b"\x89PNG second")
    old.line("starting_image_prompt_1", 1, content="first frame")
    old.line("mystery_producer_output", 1, content={"a": 1})
    old.snapshot(1)
    kept = Kept(old.write())
    assert kept.bytes(2, "picture_1[0]") == b"\x89PNG second"
    assert kept.bytes(2, "starting_picture_prompt[1]") == b"first frame"
    assert kept.said.names["segment_image_asset_0_1"] == "picture_1[0]"


def test_what_is_too_large_is_left_out(old: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An asset, a line, a whole log."""
    monkeypatch.setattr(trees, "LARGEST_ASSET", 20_000)
    monkeypatch.setattr(trees, "_LARGEST_LINE", 5000)
    old.files["assets/rev0/narration/seg0.mp3"] = b"x" * 20_001
    old.files["assets/rev0/narration/seg1.mp3"] = b""
    old.line("movie_summary", 1, content="y" * 6000)
    kept = Kept(old.write())
    assert {"narration[0]", "narration[1]"}.isdisjoint(kept.revision(1).artefacts)
    assert "larger than 20000" in kept.left_out("assets/rev0/narration/seg0.mp3")[0]
    assert "empty" in kept.left_out("assets/rev0/narration/seg1.mp3")[0]
    assert "larger than 5000" in kept.left_out("artifacts.jsonl, line")[0]


def test_a_long_text_and_a_huge_setting(old: Any) -> None:
    """A long text is a blob; a setting that no log entry could hold is left out."""
    old.line("movie_summary", 1, content="word " * 3000)
    old.edits.append(
        {"id": "image_config", "rev": 1, "content": {"notes": "z" * 40_000, "imagesPerSegment": 2}}
    )
    old.snapshot(1)
    kept = Kept(old.write())
    assert kept.bytes(2, "movie_summary") == b"word " * 3000
    assert kept.revision(2).inputs["images_per_segment"].payload == 2
    assert "larger" in kept.left_out("image_notes of rev1")[0]


def test_where_there_is_nothing_to_import_it_is_refused(tmp_path: Path) -> None:
    """An empty folder, none at all, and one of something else."""
    with pytest.raises(Refused, match="nothing to import"):
        Kept(tmp_path)
    with pytest.raises(Refused, match="not a folder"):
        Tree(tmp_path / "nowhere")


# --- again and again ----------------------------------------------------------------------------------------------


def test_a_second_import_finds_nothing_new_and_a_later_one_what_is(old: Any) -> None:
    """Also after the predecessor has pruned what was taken."""
    kept = Kept(old.write())
    again = bring(old.folder, kept.driver, kept.movies)
    assert (again.new_revisions, again.events, again.blobs, again.files) == (0, 0, 0, ())
    (old.folder / "assets/rev0/narration/seg0.mp3").unlink()
    del old.files["assets/rev0/narration/seg0.mp3"]
    old.asset("narration_asset_1", 2, "narration/seg1.mp3", b"RIFF newest")
    old.snapshot(2)
    later = bring(old.write(), kept.driver, kept.movies)
    assert (later.new_revisions, later.blobs) == (1, 1)
    assert kept.revision(3).base_digest == kept.revision(2).digest
    assert kept.bytes(1, "narration[0]")


def test_a_movie_of_another_origin_is_not_touched(old: Any) -> None:
    """Conflict, with another name as the way out; what was made here after an import is no hindrance to one."""
    kept = Kept(old.write())
    own = msgspec.structs.replace(kept.revision(2), plan_id="another", digest="")
    driver = MemoryDriver()
    MovieStore(driver, MOVIE).manifests.publish(sealed(msgspec.structs.replace(own, revision="rev-0001")))
    with pytest.raises(Conflict, match="rev-0001 of its own"):
        bring(old.folder, driver, kept.movies)
    kept.store.manifests.publish(sealed(msgspec.structs.replace(own, revision="rev-0003")))
    assert bring(old.folder, kept.driver, kept.movies).new_revisions == 0
    old.snapshot(2)
    with pytest.raises(Conflict, match="rev-0003 of its own"):
        bring(old.write(), kept.driver, kept.movies)


ODD: dict[str, Callable[[Any], object]] = {
    "gap": lambda old: old.asset("narration_asset_0", 4, "narration/seg0.mp3", b"RIFF 4"),
    "no snapshots": lambda old: old.snapshots.clear(),
    "no edits": lambda old: old.edits.clear(),
    "no metadata": lambda old: old.documents.update({"metadata.json": None}),
    "failed": lambda old: old.line("narration_asset_0", 3, status="failed"),
    "torn": lambda old: old.lines.append(b'{"id": "narr'),
    "pruned": lambda old: old.files.pop("assets/rev0/narration/seg0.mp3", None),
    "video": lambda old: old.asset("segment_video_asset_0", 1, "videos/seg0.mp4", b"no video"),
    "images": lambda old: old.asset("segment_image_asset_0_1", 0, "images/seg0/img1.png", b"no picture"),
    "overwritten": lambda old: old.line("movie_title", 0, content="Other"),
    "third segment": lambda old: old.line("segment_script_2", 1, content="As plain text."),
    "lone segment": lambda old: old.line("segment_image_prompt_7_0", 1, content="far away"),
    "odd config": lambda old: old.documents.update(
        {"configuration.json": {"general": {"useVideo": [True, False], "language": 7}, "x": [1], "frame": "wide"}}
    ),
    "odd timeline": lambda old: old.snapshots.update({1: {"timeline": {"tracks": {"visual": [], "voice": 3}}}}),
    "control": lambda old: old.line("movie_title", 1, content="A\x00 \x1b[31m title\n" + "long " * 90),
    "no text": lambda old: old.line("segment_script_0", 1, content={"narration": None}),
}  # fmt: skip
odds = st.lists(st.sampled_from(sorted(ODD)), unique=True, max_size=8)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(odd=odds, verbs=st.integers(0, 40))
def test_any_mixture_of_odd_cases_is_taken_whole(
    odd: list[str], verbs: int, old_in: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Broken off anywhere and done again, it is as done at once: sound, a fold of its events, and readable."""
    old = old_in(tmp_path_factory.mktemp("old") / "movie")
    for name in odd:
        ODD[name](old)
    folder = old.write()
    kept = Kept(folder)
    assert verify(kept.store).findings == ()
    assert storyboards_of(kept.store, kept.store.manifests.all()[-1])
    kept.check_ready()
    _check_folds(kept)
    calls = iter(range(10_000))
    broken = FaultyDriver(
        kept_anew := MemoryDriver(), {Fault.ERROR: 1.0}, lambda: 1.0 if next(calls) < verbs else 0.5
    )
    try:
        bring(folder, broken, kept.movies)
    except MovieError:
        _check_whole(kept_anew)
    bring(folder, kept_anew, kept.movies)
    again = MovieStore(kept_anew, MOVIE)
    assert again.manifests.all() == kept.store.manifests.all()
    assert again.events.artefacts() == kept.store.events.artefacts()
    assert bring(folder, kept_anew, kept.movies).events == 0


def _check_folds(kept: Kept) -> None:
    """Each revision is what the events of its run make of the one before."""
    base: Manifest | None = None
    edits, made = kept.store.events.inputs(), kept.store.events.artefacts()
    for manifest in kept.store.manifests.all():
        header = {name: getattr(manifest, name) for name in
                  ("movie", "plan_id", "nonce", "created_at", "blueprint", "segments", "timeline")}  # fmt: skip
        own: list[ArtefactEvent] = [event for event in made if event.run_id == manifest.plan_id]
        folded = fold(
            base,
            [edit for edit in edits if edit.run_id == manifest.plan_id],
            own,
            members=[event.name for event in made],
            header=header,
        )
        assert folded.inputs == manifest.inputs
        assert {name: folded.artefacts[name] for name in manifest.artefacts} == manifest.artefacts
        base = manifest


def _check_whole(driver: Driver) -> None:
    store = MovieStore(driver, MOVIE)
    for manifest in store.manifests.all():
        assert all(store.blobs.has(ref) for _, ref in references(manifest))


# --- hostile records ----------------------------------------------------------------------------------------------

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ids = st.sampled_from(
    [
        "segment_script_0",
        "segment_image_asset_0_0",
        "music_asset",
        "timeline",
        "narration_asset_5",
        "movie_title",
    ]
)
paths = st.lists(
    st.sampled_from(
        ["assets", "rev0", "rev1", "..", ".", "", "current", "images", "seg0", "img0.png", "/", "\0", "~"]
    ),
    max_size=6,
).map("/".join)
records = st.fixed_dictionaries(
    {"id": ids | st.text(max_size=12), "rev": st.integers(-1, 4) | anything},
    optional={
        "status": st.sampled_from(["succeeded", "failed", "running"]) | anything,
        "content": anything,
        "asset_path": paths | anything,
        "content_hash": st.sampled_from(["sha:a", "sha:b"]) | anything,
        "deps": anything,
        "created_at": anything,
        "produced_by": anything,
    },
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    lines=st.lists(records, max_size=6),
    edits=st.lists(st.fixed_dictionaries({"id": st.text(max_size=12), "rev": st.integers(0, 3), "content": anything}), max_size=3),
    documents=st.dictionaries(
        st.sampled_from(["metadata.json", "configuration.json", "dag/producers.json", "dag/nodes.json", "dag/jobs/j-rev0.json"]),
        anything,
    ),
    timeline=anything,
)  # fmt: skip
def test_whatever_the_records_say_it_is_taken_or_refused(
    lines: list[Any],
    edits: list[Any],
    documents: dict[str, Any],
    timeline: Any,
    old_in: Callable[[Path], Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Nothing else is raised, nothing outside of the folder is read, and what was taken is sound."""
    old = old_in(tmp_path_factory.mktemp("old") / "movie")
    old.lines += lines
    old.edits += edits
    old.documents |= documents
    old.snapshots[1]["timeline"] = timeline
    kept = Kept(old.write())
    assert verify(kept.store).findings == ()
    assert storyboards_of(kept.store, kept.store.manifests.all()[-1])
    kept.check_ready()
    known = {hashlib.sha256(data).hexdigest() for data in old.files.values()}
    assert all(
        digest in known or kept.driver.get(kept.store.keys.blob(digest))[:1] in b'{["'
        for digest in kept.store.blobs.sizes()
    )
