"""What is on disk may be gone, torn or wrong: it is noticed, and made again."""

from __future__ import annotations

from typing import Any

import pytest

from movie_assets.core.errors import Damaged


@pytest.mark.parametrize("damage", ["deleted", "truncated"])
@pytest.mark.parametrize(
    ("name", "call"), [("picture[1]", "paint"), ("narration[1]", "speak"), ("clip[1]", "clip")]
)
def test_a_blob_that_is_gone_is_planned_and_made_again(tale: Any, damage: str, name: str, call: str) -> None:
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


def test_readers_refuse_wrong_bytes(tale: Any) -> None:
    """Of the right length, so that only the digest tells: nothing is joined from them."""
    blob = tale.blob("clip[1]")
    blob.write_bytes(b"x" + blob.read_bytes()[1:])
    tale.says(title="Another")
    with pytest.raises(Damaged):
        tale.make()


def test_a_torn_last_line_of_the_log_is_ignored(tale: Any) -> None:
    """Every whole line before it counts, and the next one starts afresh."""
    with tale.log().open("ab") as stream:
        stream.write(b'\n12345678 {"eventId": "torn')
    assert tale.plan() == {}
    tale.says(title="Another")
    assert tale.make() == {"film": 1}
    assert tale.plan() == {}
    assert tale.made() == tale.from_scratch()


@pytest.mark.parametrize("damage", ["missing", "torn", "behind"])
def test_the_hint_is_rebuilt_from_the_manifests(tale: Any, damage: str) -> None:
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


def test_a_plan_that_is_not_carried_out_changes_nothing_on_disk(tale: Any, own_media: Any) -> None:
    """A dry run, or an edit that the person declines after seeing what it costs."""
    tale.says(replace={"music": tale.file("my.wav", own_media.sound())}, picture={"style": "woodcut"})
    before = tale.files()
    assert tale.plan()
    production = tale.studio().open("tale").produce()
    assert production.has_work
    assert tale.files() == before
