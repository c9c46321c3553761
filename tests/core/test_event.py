"""Events: appended facts, read back as they were written, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.errors import Damaged
from movie_assets.core.event import (
    ArtefactEvent,
    InputEvent,
    read_artefact_event,
    read_input_event,
    write_event,
)

texts = st.text(st.characters(codec="utf-8"), max_size=8)
names = st.builds(Name, st.sampled_from(["script", "picture"]), st.none() | st.integers(0, 99)).map(str)
payloads = st.recursive(st.none() | st.booleans() | st.integers(0, 9) | texts, st.lists, max_leaves=4)
refs = st.builds(BlobRef, texts, st.integers(0, 2**40), texts, st.none() | texts)
input_events = st.builds(
    InputEvent, event_id=texts, id=names, revision=texts, digest=st.none() | texts, created_at=texts,
    run_id=texts, payload=payloads, edited_by=st.sampled_from(["user", "system"]), editor=texts,
)  # fmt: skip
artefact_events = st.builds(
    ArtefactEvent, event_id=texts, artefact_id=names, revision=texts, run_id=texts, inputs_digest=texts,
    status=st.sampled_from(["started", "succeeded", "failed", "skipped"]), produced_by=texts, code_version=texts,
    created_at=texts, inputs=st.dictionaries(texts, texts, max_size=3), output=st.none() | refs, provider=texts,
    model=st.none() | texts, cost=st.none() | st.floats(0, 9), seconds=st.floats(0, 9), attempt=st.integers(1, 5),
    reasons=st.lists(texts, max_size=2).map(tuple), diagnostics=st.dictionaries(texts, payloads, max_size=2),
)  # fmt: skip

SUCCESS = ArtefactEvent(
    event_id="e1", artefact_id="picture[3]", revision="rev-0001", run_id="r1", inputs_digest="d1", status="succeeded",
    produced_by="picture", code_version="1", created_at="2026-01-01T00:00:00Z", output=BlobRef("b1", 3, "image/png"),
)  # fmt: skip
EDIT = InputEvent(
    event_id="e2", id="brief", revision="rev-0001", digest="d2", created_at="now", run_id="r1", payload=7
)


@given(artefact_events)
def test_an_artefact_event_is_read_as_it_was_written(event: ArtefactEvent) -> None:
    """Nothing is lost on the way to disk and back, and it takes one line."""
    line = write_event(event)
    assert b"\n" not in line
    assert read_artefact_event(line) == event


@given(input_events)
def test_an_input_event_is_read_as_it_was_written(event: InputEvent) -> None:
    """Nothing is lost on the way to disk and back, and it takes one line."""
    line = write_event(event)
    assert b"\n" not in line
    assert read_input_event(line) == event


def test_fields_are_camel_case_and_said_only_when_there_is_something_to_say() -> None:
    """The log is for people and programs of other languages too."""
    assert msgspec.json.decode(write_event(SUCCESS)) == {
        "format": 1, "eventId": "e1", "artefactId": "picture[3]", "revision": "rev-0001", "runId": "r1",
        "inputsDigest": "d1", "status": "succeeded", "producedBy": "picture", "codeVersion": "1",
        "createdAt": "2026-01-01T00:00:00Z", "output": {"digest": "b1", "size": 3, "mediaType": "image/png"},
    }  # fmt: skip
    assert msgspec.json.decode(write_event(EDIT))["payload"] == 7


def test_an_event_knows_its_name_and_kind() -> None:
    """`picture[3]` is of kind `picture`."""
    assert SUCCESS.name == Name("picture", 3)
    assert SUCCESS.kind == "picture"
    assert EDIT.name == Name("brief")


@pytest.mark.parametrize(("event", "read"), [(SUCCESS, read_artefact_event), (EDIT, read_input_event)])
@pytest.mark.parametrize("format", [0, 2, "1", None])
def test_an_unknown_format_is_refused_loudly(
    event: Any, read: Callable[[bytes], Any], format: object
) -> None:
    """A line of another format is never half understood: it is damage, shown with what to do."""
    fields = msgspec.json.decode(write_event(event))
    line = msgspec.json.encode({**fields, "format": format})
    with pytest.raises(Damaged, match="not of a format this program reads") as raised:
        read(line)
    assert raised.value.labels["line"] == line[:120].decode()
    assert "update movie-assets" in raised.value.next_step


@given(st.integers(0, len(write_event(SUCCESS)) - 1))
def test_a_line_cut_short_is_damage(length: int) -> None:
    """No beginning of an event is an event."""
    with pytest.raises(Damaged):
        read_artefact_event(write_event(SUCCESS)[:length])
