"""A run that is overtaken merges with it where one has what the other has not: a card, an encoder, a heard video."""

from __future__ import annotations

from typing import Any

import pytest

from movie_assets.core.errors import Conflict
from resources.encoders import encoder_of

TEXT = {"narration": {"text": "Quite other words."}}
OPTIONAL: dict[str, dict[str, Any]] = {
    "title card": {"title_card": {"seconds": 2}},
    "end card": {"end_card": {"seconds": 2}},
    "encoder": {"frame": {"encoder": "gpu"}},
    "sound of a video": {"motion": {"kind": "animated", "sound": 0.4}},
}


@pytest.fixture
def tale(tale: Any) -> Any:
    """The movie on a machine with a card."""
    tale.encoder_of = lambda asked: encoder_of(asked, lambda name: "")
    return tale


def overtake(tale: Any, mine: dict[str, Any], theirs: dict[str, Any]) -> Any:
    """My run of an edit, which has made everything when another one of its own edit publishes; what is live then."""
    before = dict(tale.fields)
    tale.says(**mine)
    production = tale.studio().open("tale").produce()
    production.begin()
    list(production.outcomes())
    tale.fields = before
    tale.says(**theirs)
    tale.make()
    production.publish()
    tale.fields = before
    return tale.live


@pytest.mark.parametrize("optional", OPTIONAL)
@pytest.mark.parametrize("i_want_it", [True, False])
def test_what_only_one_wants_is_in_what_both_come_to(tale: Any, optional: str, i_want_it: bool) -> None:
    """The revision is what one run of both edits would make."""
    fields, text = OPTIONAL[optional], {"overrides": {1: TEXT}}
    live = overtake(tale, *((fields, text) if i_want_it else (text, fields)))
    assert live.number == 3
    tale.says(**fields, **text)
    assert tale.make() == {} and tale.live.number == 3
    assert tale.made() == tale.from_scratch()


def test_taking_it_away_goes_together_with_another_edit(tale: Any) -> None:
    """Whoever of the two is first."""
    tale.says(title_card={"seconds": 2}, frame={"encoder": "gpu"})
    tale.make()
    gone, text = {"title_card": None, "frame": None}, {"overrides": {1: TEXT}}
    live = overtake(tale, gone, text)
    assert "encoder" not in live.inputs and "title_card" not in live.artefacts
    tale.says(**gone, **text)
    assert tale.make() == {} and tale.made() == tale.from_scratch()


def test_two_encoders_are_a_conflict(tale: Any) -> None:
    """Which names both."""
    with pytest.raises(Conflict, match="encoder: qsv → nvenc"):
        overtake(tale, {"frame": {"encoder": "nvenc"}}, {"frame": {"encoder": "qsv"}})
