"""Cards in a film that is edited: what they touch, and what they leave alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from movie_assets.core.artefact import Name
from movie_assets.core.errors import Refused
from movie_assets.core.timeline import Timeline

CARDS = {
    "title_card": {"subtitle": "A tale", "seconds": 2},
    "end_card": {"credits": ["By Ann"], "seconds": 3},
}


def timeline(tale: Any) -> Timeline:
    ref = tale.live.output(Name("timeline"))
    return msgspec.json.decode(tale.store.read(ref), type=Timeline)


def test_cards_cost_only_themselves_and_the_join(tale: Any) -> None:
    """No picture, no voice, no clip is made for them; everything is heard later by the title card's length."""
    before = timeline(tale)
    tale.says(**CARDS)
    assert tale.make() == {"card": 2, "soundtrack": 1, "film": 1}
    after = timeline(tale)
    assert after.frames == before.frames + 5 * after.fps
    assert after.segments[0].start_frame == 2 * after.fps
    assert tale.made() == tale.from_scratch()


def test_another_text_makes_one_card_and_the_join(tale: Any) -> None:
    """Neither the timeline nor the sound depends on what a card says."""
    tale.says(**CARDS)
    tale.make()
    tale.says(title_card={"text": "Tales", "seconds": 2})
    assert tale.make() == {"card": 1, "film": 1}
    tale.says(end_card={"credits": ["By Ann", "and Ben"], "seconds": 3})
    assert tale.make() == {"card": 1, "film": 1}


def test_a_card_depends_on_its_own_picture_alone(tale: Any) -> None:
    """Another middle picture leaves both as they are; another last one makes the end card again."""
    tale.says(**CARDS)
    tale.make()
    tale.says(overrides={1: {"picture": {"prompt": "a harbour"}}})
    assert "card" not in tale.make()
    tale.says(overrides={1: {"picture": {"prompt": "a harbour"}}, 2: {"picture": {"prompt": "a gull"}}})
    assert tale.make()["card"] == 1


def test_without_cards_everything_is_as_it_was(tale: Any) -> None:
    """Taking them away again makes nothing, and they are in no revision any more."""
    bare = tale.made()
    tale.says(**CARDS)
    tale.make()
    tale.says(title_card=None, end_card=None)
    assert tale.make() == {}
    assert tale.made() == bare


def test_the_end_card_is_made_again_when_somebody_else_paints(tale: Any) -> None:
    """It says who made what; where nobody wants to know it does not depend on them."""
    tale.says(end_card={"credits": ["By Ann"], "providers": False})
    tale.make()
    tale.says(narration={"voice": "en-us", "model": "other"})
    assert "card" not in tale.make()
    tale.says(end_card={"credits": ["By Ann"]})
    tale.make()
    tale.says(narration={"voice": "en-us", "model": "third"})
    assert tale.make()["card"] == 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"title_card": {"text": "Ꭰ"}}, r"title_card\.text: .*Ꭰ.*Cherokee"),
        ({"end_card": {"credits": ["Ꭰ"]}}, r"end_card\.credits: .*Ꭰ"),
        ({"captions": {"font": "lobster"}}, r"captions\.font: .*pip install fontpkg-lobster"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_made(
    fields: dict[str, Any], told: str, tale: Any
) -> None:
    """With the field, the letters and what to do."""
    tale.says(**fields)
    with pytest.raises(Refused, match=told):
        tale.studio().open("tale")
