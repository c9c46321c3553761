"""A person's own asset gets content addressing, the event log and exact versions by naming the IO manager."""

from __future__ import annotations

import io
from typing import Any

import dagster as dg
import pytest
from PIL import Image

from movie_assets.assets.keys import partitions
from movie_assets.core.artefact import Name, Scope
from movie_assets.core.digest import digest_of_bytes
from movie_assets.core.errors import MovieError
from movie_assets.definitions import definitions_of

SEGMENTS = partitions(Scope.SEGMENT, 3)


def _run(project: Any, asset: Any, partition: str | None = None) -> Any:
    """Materialises a person's asset beside the movie's own."""
    own = dg.Definitions(assets=[asset])
    merged = dg.Definitions.merge(definitions_of(project.studio, ["tale"]), own)
    job = merged.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        instance=project.instance, asset_selection=[asset.key], partition_key=partition
    )


def _note(value: Any, **options: Any) -> Any:
    @dg.asset(key=["tale", "note"], io_manager_key="io_manager", **options)
    def note() -> Any:
        return value() if callable(value) else value

    return note


def _picture() -> Image.Image:
    return Image.new("RGB", (8, 8), "red")


@pytest.mark.parametrize(
    ("value", "media_type"),
    [
        (b"\x00bytes", "application/octet-stream"),
        ("text", "text/plain; charset=utf-8"),
        ({"a": [1, 2.5, None]}, "application/json"),
        (_picture, "image/png"),
    ],
)
def test_a_value_becomes_a_blob_and_an_event(project: Any, value: Any, media_type: str) -> None:
    """Bytes, text, JSON and pictures; Dagster's data version is the digest of the bytes."""
    _run(project, _note(value))
    store = project.studio.store("tale")
    (event,) = store.events.artefacts()
    assert (event.artefact_id, event.status, event.provider) == ("note", "succeeded", "person")
    assert event.output.media_type == media_type
    assert digest_of_bytes(store.read(event.output)) == event.output.digest
    latest = project.instance.get_latest_materialization_event(
        dg.AssetKey(["tale", "note"])
    ).asset_materialization
    assert latest.tags["dagster/data_version"] == event.output.digest
    assert latest.metadata["digest"].value == event.output.digest


def test_the_same_value_again_writes_nothing(project: Any) -> None:
    """Materialising twice is idempotent."""
    _run(project, _note("text"))
    _run(project, _note("text"))
    assert len(project.studio.store("tale").events.artefacts()) == 1


def test_partitions_are_segments(project: Any) -> None:
    """A partitioned asset is recorded per segment under the movie's own partitions."""
    _run(project, _note("text", partitions_def=SEGMENTS), "002")
    (event,) = project.studio.store("tale").events.artefacts()
    assert event.name == Name("note", 2)


def test_reads_of_the_movie_are_loaded_and_versioned(project: Any) -> None:
    """An asset that reads a movie's artefact gets its current bytes, and another version when they change."""

    @dg.asset(key=["tale", "shout"], io_manager_key="io_manager", ins={"text": dg.AssetIn(["tale", "segment_text"])},
              partitions_def=SEGMENTS)  # fmt: skip
    def shout(text: str) -> str:
        return text.upper()

    project.make()
    assert _run(project, shout, "001").output_for_node("tale__shout") == "THE SECOND SENTENCE."
    project.edit("second", "next")
    project.make()
    _run(project, shout, "001")
    before, after = (
        project.studio.store("tale").events.artefacts()[-1:]
        + [event for event in project.studio.store("tale").events.artefacts() if event.kind == "shout"][:1]
    )
    assert before.inputs_digest != after.inputs_digest


def test_a_fan_in_is_a_sorted_dict(project: Any) -> None:
    """An unpartitioned asset reading a partitioned one gets every segment by its key."""

    @dg.asset(
        key=["tale", "whole"],
        io_manager_key="io_manager",
        ins={"texts": dg.AssetIn(["tale", "segment_text"])},
    )
    def whole(texts: dict) -> str:  # type: ignore[type-arg]
        return "|".join(f"{key} {text}" for key, text in texts.items())

    project.make()
    value = _run(project, whole).output_for_node("tale__whole")
    assert value == "000 The first sentence.|001 The second sentence.|002 The third sentence."


def test_a_picture_is_loaded_as_a_picture(project: Any) -> None:
    """PIL images come back as PIL images."""

    @dg.asset(key=["tale", "width"], io_manager_key="io_manager", ins={"painted": dg.AssetIn(["tale", "picture"])},
              partitions_def=SEGMENTS)  # fmt: skip
    def width(painted: Image.Image) -> dict:  # type: ignore[type-arg]
        return {"width": painted.width}

    project.make()
    assert _run(project, width, "000").output_for_node("tale__width") == {"width": 128}


@pytest.mark.parametrize(
    ("value", "said"), [(object(), "object"), (io.BytesIO(b"x"), "BytesIO"), ({"x": float("nan")}, "dict")]
)
def test_what_has_no_bytes_is_refused_in_a_sentence(project: Any, value: Any, said: str) -> None:
    """Anything else is named, with what is allowed."""
    with pytest.raises(MovieError, match=said):
        _run(project, _note(lambda: value))


def test_an_artefact_not_made_yet_is_named(project: Any) -> None:
    """Reading what is not there says how to make it."""

    @dg.asset(key=["tale", "copy"], io_manager_key="io_manager", ins={"film": dg.AssetIn(["tale", "film"])})
    def copy(film: bytes) -> bytes:
        return film

    with pytest.raises(MovieError, match="film has not been made yet"):
        _run(project, copy)
