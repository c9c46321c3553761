"""Manifests: sealed, complete, and a fold of events over their base."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.digest import digest_of_bytes
from movie_assets.core.errors import Damaged
from movie_assets.core.event import ArtefactEvent, InputEvent
from movie_assets.core.manifest import Manifest, fold, read_manifest, sealed, write_manifest

HEADER = {"movie": "toy", "plan_id": "p", "nonce": "n", "created_at": "t", "blueprint": "toy", "segments": 2}
PICTURES = [Name("picture", 0), Name("picture", 1)]


def edit(name: str, digest: str | None, payload: Any = None) -> InputEvent:
    return InputEvent(
        event_id="e", id=name, revision="rev-0001", digest=digest, created_at="t", run_id="r", payload=payload
    )


def made(name: Name, body: str, status: Any = "succeeded", revision: str = "rev-0001") -> ArtefactEvent:
    output = None if status in ("failed", "started") else BlobRef(body, 1, "image/png")
    return ArtefactEvent(
        event_id="e", artefact_id=str(name), revision=revision, run_id="r", inputs_digest=f"of {body}", status=status,
        produced_by=name.kind, code_version="1", created_at="t", output=output,
    )  # fmt: skip


def first() -> Manifest:
    edits = [edit("title", "d1", "A toy"), edit("text[0]", "d2", {"deep": [1]})]
    return fold(None, edits, [made(name, "a") for name in PICTURES], members=PICTURES, header=HEADER)


SEALED = write_manifest(first())

names = st.sampled_from([*PICTURES, Name("film")])
events = st.lists(
    st.builds(
        made, names, st.sampled_from("abc"), st.sampled_from(["succeeded", "skipped", "failed", "started"])
    )
)
edits = st.lists(st.builds(edit, st.sampled_from(["title", "text[0]"]), st.none() | st.sampled_from("xyz")))


def test_a_manifest_is_read_as_it_was_written() -> None:
    """And its format is in the file."""
    assert read_manifest(SEALED) == first()
    assert msgspec.json.decode(SEALED)["format"] == 1


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
@settings(max_examples=300)
def test_the_seal_covers_every_byte(at: int, by: int) -> None:
    """A file of which any byte was changed is damaged."""
    changed = bytearray(SEALED)
    changed[at] ^= by
    with pytest.raises(Damaged):
        read_manifest(bytes(changed))


@given(st.integers(0, len(SEALED) - 1))
def test_a_torn_manifest_is_damaged(length: int) -> None:
    """However much of it there is."""
    with pytest.raises(Damaged):
        read_manifest(SEALED[:length])


@pytest.mark.parametrize("around", [b" %b", b"%b\n", b'{"more":1,%b'])
def test_what_was_added_breaks_the_seal(around: bytes) -> None:
    """White space or a field that this program does not know is a change too."""
    body = SEALED[1:] if around.startswith(b"{") else SEALED
    with pytest.raises(Damaged, match="digest does not match"):
        read_manifest(around % body)


def test_a_field_of_a_later_version_is_no_damage() -> None:
    """Fields may be added to format 1: a manifest sealed with more of them is still read."""
    fields = {**msgspec.json.decode(SEALED), "digest": "", "zzz": "later"}
    digest = digest_of_bytes(msgspec.json.encode(fields, order="sorted"))
    written = msgspec.json.encode({**fields, "digest": digest}, order="sorted")
    assert read_manifest(written).artefacts == first().artefacts


@pytest.mark.parametrize("format", [0, 2, None])
def test_an_unknown_format_is_refused_loudly(format: int | None) -> None:
    """A newer program's manifest is not half understood."""
    fields = msgspec.json.decode(SEALED)
    with pytest.raises(Damaged, match="not of a format this program reads") as raised:
        read_manifest(msgspec.json.encode({**fields, "format": format}))
    assert "update movie-assets" in raised.value.next_step


def test_an_unsealed_manifest_is_damaged() -> None:
    """An empty digest seals nothing."""
    with pytest.raises(Damaged):
        read_manifest(write_manifest(structs.replace(first(), digest="")))


def test_the_same_events_give_the_same_bytes() -> None:
    """A fold is a function of its base, events and header; sealing twice changes nothing."""
    assert write_manifest(first()) == SEALED
    assert sealed(first()) == first()


def test_a_revision_names_its_base_by_number_and_digest() -> None:
    """The first has none; the second follows the first."""
    one = first()
    two = fold(one, [], [], members=PICTURES, header=HEADER)
    assert (one.revision, one.base_revision, one.base_digest) == ("rev-0001", None, None)
    assert (two.revision, two.base_revision, two.base_digest) == ("rev-0002", "rev-0001", one.digest)
    assert two.number == 2
    assert two.digest != one.digest


@given(events, edits)
def test_the_latest_success_of_each_member_stands(
    results: list[ArtefactEvent], typed: list[InputEvent]
) -> None:
    """Later events win, skipped ones count as their earlier result, failures and starts never enter."""
    base = first()
    manifest = fold(base, typed, results, members=PICTURES, header=HEADER)
    for name in PICTURES:
        said = [event.output for event in results if event.artefact_id == str(name) and event.output]
        assert manifest.output(name) == (said[-1] if said else base.output(name))
    for name in ("title", "text[0]"):
        digests = [event.digest for event in typed if event.id == name]
        record = manifest.inputs.get(name)
        assert (record.digest if record else None) == (digests[-1] if digests else base.inputs[name].digest)


@given(events)
def test_only_members_of_the_graph_are_in_a_manifest(results: list[ArtefactEvent]) -> None:
    """What belongs to a removed segment, or to none of the movie's producers, leaves."""
    manifest = fold(first(), [], results, members=PICTURES[:1], header=HEADER)
    assert set(manifest.artefacts) == {"picture[0]"}


@given(events, events, edits, edits)
def test_folding_in_two_steps_gives_what_one_gives(
    early: list[ArtefactEvent], late: list[ArtefactEvent], typed: list[InputEvent], more: list[InputEvent]
) -> None:
    """Artefacts and inputs of a revision depend on the events before it, not on how runs cut them."""
    in_one = fold(first(), typed + more, early + late, members=PICTURES, header=HEADER)
    between = fold(first(), typed, early, members=PICTURES, header=HEADER)
    in_two = fold(between, more, late, members=PICTURES, header=HEADER)
    assert (in_two.inputs, in_two.artefacts) == (in_one.inputs, in_one.artefacts)


def test_an_artefact_keeps_the_revision_that_made_it() -> None:
    """A later revision that does not make it says who did."""
    two = fold(first(), [], [made(PICTURES[1], "b", revision="rev-0002")], members=PICTURES, header=HEADER)
    assert [two.artefacts[str(name)].revision for name in PICTURES] == ["rev-0001", "rev-0002"]
