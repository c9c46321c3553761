"""Merge: edits that do not touch both end up live; those that do are a conflict that names them."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_assets.core.artefact import Name
from movie_assets.core.errors import Conflict, Failed
from movie_assets.core.manifest import Manifest, fold
from movie_assets.core.movie import Production
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.toy import Toy, fail, sleep

NewToy = Callable[..., Toy]
Edit = Callable[[Toy], None]


@pytest.fixture
def people(new_toy: NewToy) -> tuple[Toy, Toy]:
    """Two people with a checkout each, over one store with one revision of three segments."""
    first = new_toy("a", "b", "c")
    first.make()
    return new_toy("a", "b", "c", driver=first.driver, stage=first.stage, clock=first.clock), first


def text(at: int, body: str) -> Edit:
    def edit(toy: Toy) -> None:
        toy.texts[at] = body

    return edit


def voice(at: int, name: str) -> Edit:
    def edit(toy: Toy) -> None:
        toy.voices[at] = {"provider": "speaker", "voice": name}

    return edit


def title(new: str) -> Edit:
    def edit(toy: Toy) -> None:
        toy.title = new

    return edit


def add(body: str) -> Edit:
    return lambda toy: toy.texts.append(body)


def remove(at: int) -> Edit:
    def edit(toy: Toy) -> None:
        del toy.texts[at]

    return edit


def overtaken(mine: Toy, other: Toy) -> Production:
    """My run, which has made everything when the other person's revision is published."""
    production = mine.movie().produce()
    production.begin()
    list(production.outcomes())
    assert other.make().manifest is not None
    return production


def live(toy: Toy) -> Manifest:
    found = toy.store.manifests.live()
    assert found is not None
    return found


# --- edits that do not touch --------------------------------------------------------------------------------------

APART = {
    "different segments": (text(0, "x"), text(2, "y")),
    "different inputs of one segment": (text(1, "x"), voice(1, "low")),
    "one of the movie, one of a segment": (title("New"), text(1, "y")),
    "the same edit": (text(1, "x"), text(1, "x")),
    "the same and another": (text(1, "x"), lambda toy: (text(1, "x")(toy), text(2, "y")(toy))),
    "they added a segment": (title("New"), add("d")),
    "I added a segment": (add("d"), title("New")),
    "they removed the last segment": (title("New"), remove(2)),
    "both removed the last segment": (remove(2), lambda toy: (remove(2)(toy), text(0, "y")(toy))),
}


@pytest.mark.parametrize(("mine", "theirs"), APART.values(), ids=APART.keys())
def test_edits_that_do_not_touch_are_both_live(
    people: tuple[Toy, Toy], new_toy: NewToy, mine: Edit, theirs: Edit
) -> None:
    """The film is the one that a person who made both edits would get from nothing."""
    me, other = people
    mine(me)
    theirs(other)
    production = overtaken(me, other)
    production.publish()
    both = new_toy("a", "b", "c")
    theirs(both)
    if len(both.texts) == 3 or mine is not APART["both removed the last segment"][0]:
        mine(both)
    both.make()
    assert me.bodies() == both.bodies()
    assert {name: record.digest for name, record in live(me).inputs.items()} == {
        str(name): given.digest for name, given in both.inputs().items()
    }


def test_only_what_joins_both_is_made_again(people: tuple[Toy, Toy]) -> None:
    """Everything that was paid for is reused."""
    me, other = people
    text(0, "x")(me)
    text(2, "y")(other)
    production = overtaken(me, other)
    calls = len(me.stage.calls)
    assert production.publish() is not None
    assert {job for job, _ in me.stage.calls[calls:]} == {"timing", "film"}


def test_a_merged_revision_is_a_fold_of_its_run_over_theirs(people: tuple[Toy, Toy]) -> None:
    """manifest(N) == fold(manifest(N-1), events of its run), also when N-1 was somebody else's."""
    me, other = people
    text(0, "x")(me)
    text(2, "y")(other)
    production = overtaken(me, other)
    manifest = production.publish()
    assert manifest is not None
    header = {
        name: getattr(manifest, name)
        for name in ("movie", "plan_id", "nonce", "created_at", "blueprint", "segments", "timeline")
    }
    mine = [
        [event for event in events if event.run_id == production.log.run_id]
        for events in (me.store.events.inputs(), me.store.events.artefacts())
    ]
    base = me.store.manifests.read(2)
    assert manifest == fold(base, *mine, members=list(map(Name.parse, manifest.artefacts)), header=header)
    assert (manifest.revision, manifest.base_digest) == ("rev-0003", base.digest)


def test_what_they_published_already_is_nothing_to_do(people: tuple[Toy, Toy]) -> None:
    """Not published again."""
    me, other = people
    text(0, "x")(me)
    text(0, "x")(other)
    production = overtaken(me, other)
    assert production.publish() is None
    assert live(me).number == 2


def test_who_changed_nothing_takes_theirs(people: tuple[Toy, Toy]) -> None:
    """A new version of a producer, say, is applied to what they want."""
    me, other = people
    me.stage = other.stage.__class__()
    me.stage.versions["film"] = "2"
    text(0, "y")(other)
    production = overtaken(me, other)
    manifest = production.publish()
    assert manifest is not None
    assert manifest.inputs["text[0]"].payload == "y"
    assert manifest.artefacts["film"].code_version == "2"


def test_merges_again_when_it_is_overtaken_again(people: tuple[Toy, Toy]) -> None:
    """While it makes what joins the first two edits, a third one is published."""
    me, other = people
    text(0, "x")(me)
    text(1, "y")(other)
    production, more = overtaken(me, other), [text(2, "z"), title("New")]

    def make(merged: Production) -> None:
        list(merged.outcomes())
        if more:
            more.pop()(other)
            other.texts[0] = live(me).inputs["text[0]"].payload
            other.make()

    manifest = production.publish(make)
    assert manifest is not None
    assert manifest.number == 5
    assert [manifest.inputs[f"text[{at}]"].payload for at in range(3)] == ["x", "y", "z"]
    assert manifest.inputs["title"].payload == "New"


def test_gives_up_when_it_is_overtaken_forever(people: tuple[Toy, Toy]) -> None:
    """With a sentence, after a few attempts."""
    me, other = people
    text(0, "x")(me)
    text(1, "y")(other)
    production, titles = overtaken(me, other), iter(range(100))

    def make(merged: Production) -> None:
        other.title = f"title {next(titles)}"
        other.make()
        list(merged.outcomes())

    with pytest.raises(Conflict, match="again and again"):
        production.publish(make)
    assert next(titles) < 10


def test_a_failure_while_merging_is_an_error(people: tuple[Toy, Toy]) -> None:
    """What was made is kept; theirs stays live."""
    me, other = people
    text(0, "x")(me)
    text(2, "y")(other)
    production = overtaken(me, other)
    me.stage.acts["film"] = fail(Failed("no disk"))
    with pytest.raises(Failed, match="no disk"):
        production.publish()
    assert live(me).number == 2


# --- edits that do ------------------------------------------------------------------------------------------------

TOUCHING = {
    "one input": (text(1, "x"), text(1, "y"), r"text\[1\]: y → x"),
    "a field of one input": (voice(1, "low"), voice(1, "high"), r"voice\[1\]: voice high → low"),
    "I changed what they removed": (text(2, "x"), remove(2), r"text\[2\]: none → x"),
    "they changed what I removed": (remove(2), text(2, "y"), r"text\[2\]: y → none"),
    "a segment added and one edited": (text(0, "x"), add("d"), r"segments: 4 → 3, and text\[0\]"),
    "one edited and a segment added": (add("d"), text(0, "x"), r"segments: 3 → 4, and text\[0\]"),
    "both added": (add("x"), add("y"), r"text\[3\]: y → x"),
}


@pytest.mark.parametrize(("mine", "theirs", "told"), TOUCHING.values(), ids=TOUCHING.keys())
def test_edits_that_touch_are_a_conflict(
    people: tuple[Toy, Toy], mine: Edit, theirs: Edit, told: str
) -> None:
    """It names the input and both values; theirs stays live, and what I made is kept for the next run."""
    me, other = people
    mine(me)
    theirs(other)
    production = overtaken(me, other)
    with pytest.raises(Conflict, match=told):
        production.publish()
    assert live(me).number == 2


def test_another_take_is_not_undone(people: tuple[Toy, Toy]) -> None:
    """Takes and pins are not inputs, so a merge that would lose them is refused."""
    me, other = people
    title("New")(me)
    other.takes[Name("picture", 1)] = 2
    production = overtaken(me, other)
    with pytest.raises(Conflict, match=r"picture\[1\]: another take"):
        production.publish()


def test_a_take_that_both_have_is_no_conflict(people: tuple[Toy, Toy]) -> None:
    """Nor is one of mine where they changed nothing."""
    me, other = people
    for each in people:
        each.takes[Name("picture", 1)] = 2
    me.takes[Name("voice", 0)] = 2
    title("New")(me)
    text(2, "y")(other)
    assert overtaken(me, other).publish() is not None


def test_two_first_films_of_different_wishes_conflict(new_toy: NewToy) -> None:
    """Without a common base everything that differs was changed by both."""
    me = new_toy("a")
    other = new_toy("b", driver=me.driver, stage=me.stage, clock=me.clock)
    production = overtaken(me, other)
    with pytest.raises(Conflict, match=r"text\[0\]: b → a"):
        production.publish()


# --- any edits ----------------------------------------------------------------------------------------------------

edits = st.dictionaries(st.integers(0, 3), st.sampled_from("xyz"), max_size=4)


@given(mine=edits, theirs=edits)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_merge_is_symmetric(new_toy: NewToy, mine: dict[int, str], theirs: dict[int, str]) -> None:
    """Whoever publishes first, both get the same film, or the second gets a conflict."""
    films = []
    for one, other in ((mine, theirs), (theirs, mine)):
        first = new_toy(*"abcd", driver=MemoryDriver())
        first.make()
        second = new_toy(*"abcd", driver=first.driver, stage=first.stage, clock=first.clock)
        for toy, told in ((first, one), (second, other)):
            for at, body in told.items():
                toy.texts[at] = body
        production = first.movie().produce()
        production.begin()
        list(production.outcomes())
        second.make()
        try:
            production.publish()
            films.append(first.bodies())
        except Conflict:
            films.append({})
    assert films[0] == films[1]
    clash = any(mine[at] != theirs[at] for at in mine.keys() & theirs.keys())
    assert (films[0] == {}) == clash


def test_two_threads_that_make_and_publish_at_once(new_toy: NewToy) -> None:
    """Whatever their timing, both edits are live in the end."""
    first = new_toy(*"abcd")
    first.make()
    toys = [new_toy(*"abcd", driver=first.driver, clock=first.clock) for _ in range(4)]
    for at, toy in enumerate(toys):
        toy.texts[at] = "new"
        toy.stage.acts = {"picture": sleep(0.01 * at), "film": sleep(0.005)}
    productions = [toy.movie().produce() for toy in toys]
    for production in productions:
        production.begin()

    def work(production: Production) -> None:
        list(production.outcomes())
        production.publish()

    threads = [threading.Thread(target=work, args=(production,)) for production in productions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [live(first).inputs[f"text[{at}]"].payload for at in range(4)] == ["new"] * 4
