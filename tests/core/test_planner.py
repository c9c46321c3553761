"""The planner: what must be made, what may be, what is reused, and why; it changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from movie_assets.core.artefact import Name
from movie_assets.core.cost import Cost
from movie_assets.core.errors import Failed, Refused
from movie_assets.core.plan import PlannedJob, read_plan, write_plan
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.toy import PRICE, Toy, fail, give, give_only

NewToy = Callable[..., Toy]
PICTURE_1 = Name("picture", 1)


def must(toy: Toy, *targets: str) -> dict[str, tuple[str, ...]]:
    """The jobs that must run, with their reasons."""
    return {job.job_id: job.reasons for job in toy.plan(*targets).jobs if job.status == "must"}


def may(toy: Toy, *targets: str) -> set[str]:
    """The jobs that may run."""
    return {job.job_id for job in toy.plan(*targets).jobs if job.status == "may"}


def planned(toy: Toy, job: str) -> PlannedJob:
    return next(each for each in toy.plan().jobs if each.job_id == job)


@pytest.fixture
def toy(new_toy: NewToy) -> Toy:
    """A movie of three segments, made."""
    toy = new_toy("a", "b", "c")
    toy.make()
    return toy


def test_a_first_plan_makes_everything(new_toy: NewToy) -> None:
    """What reads only inputs must run; what reads something yet to be made may, and says of what."""
    toy = new_toy("a", "b")
    assert must(toy) == {"text[0]": ("no result yet",), "text[1]": ("no result yet",)}
    assert may(toy) == {f"{kind}[{at}]" for kind in ("picture", "voice", "clip") for at in (0, 1)} | {
        "timing",
        "film",
    }
    assert planned(toy, "clip[1]").reasons == ("reads picture[1], picture[0], times[1], made in this plan",)


def test_a_long_reason_is_cut_short(new_toy: NewToy) -> None:
    """A film of many clips does not list them all."""
    assert planned(new_toy(*"abcdef"), "film").reasons == ("reads clip[0] and 6 more, made in this plan",)


def test_what_is_made_is_not_planned_again(toy: Toy) -> None:
    """Nothing changed, nothing to do."""
    plan = toy.plan()
    assert plan.jobs == ()
    assert plan.reused == len(toy.movie().graph.jobs)


def test_an_edit_is_told_with_what_was_and_what_is(toy: Toy) -> None:
    """The value the person wrote, before and after."""
    toy.texts[1] = "x"
    assert must(toy) == {"text[1]": ("input text[1] changed: b → x",)}
    assert may(toy) == {"picture[1]", "voice[1]", "clip[1]", "clip[2]", "timing", "film"}
    assert toy.plan().edits == ("text[1]",)


def test_only_what_reads_an_input_depends_on_it(toy: Toy) -> None:
    """The title touches the film alone."""
    toy.title = "Another"
    assert must(toy) == {"film": ("input title changed: Toy → Another",)}
    assert may(toy) == set()


def test_another_model_makes_again_what_it_makes(toy: Toy) -> None:
    """Provider, model and every setting are part of the input; the reason names what differs."""
    toy.pictures[1] = {"provider": "painter", "model": "new", "size": 2}
    assert must(toy) == {"picture[1]": ("input picture[1] changed: model none → new, size none → 2",)}
    toy.make()
    toy.pictures[1] = {"provider": "other", "model": "new", "size": 2}
    assert must(toy) == {"picture[1]": ("input picture[1] changed: provider painter → other",)}


def test_a_new_version_of_a_producer_makes_again_what_it_makes(toy: Toy) -> None:
    """And the reason says from which version to which."""
    toy.stage.versions["picture"] = "2"
    assert set(must(toy)) == {"picture[0]", "picture[1]", "picture[2]"}
    assert must(toy)["picture[0]"] == ("producer picture 1 → 2",)


def test_if_only_the_first_of_a_chain_was_run_the_rest_is_left(toy: Toy) -> None:
    """Run A alone after an edit: the next plan holds what reads it, a fan-in too, and not A."""
    toy.texts[1] = "x"
    toy.make("text[1]", "voice[1]")
    assert must(toy) == {"picture[1]": ("text[1] changed",), "timing": ("times[*] changed",)}
    assert may(toy) == {"clip[1]", "clip[2]", "film"}


def test_a_fan_in_alone_is_left_if_a_member_was_made(toy: Toy) -> None:
    """Also when nothing else reads the member."""
    toy.stage.acts["voice"] = lambda task, made: {**made, "voice": give(b"same")(task, made)["voice"]}
    toy.voices[2] = {"provider": "speaker", "speed": 2}
    toy.make("voice[2]")
    assert must(toy) == {"clip[2]": ("times[2] changed",), "timing": ("times[*] changed",)}


def test_what_failed_and_what_it_blocked_is_what_is_left(toy: Toy) -> None:
    """The next plan holds the failure, with that as its reason, and what depends on it."""
    toy.stage.acts["picture[1]"] = fail(Failed("no"))
    toy.texts[1] = "x"
    toy.make()
    assert must(toy) == {"picture[1]": ("last attempt failed",)}
    assert may(toy) == {"clip[1]", "clip[2]", "film"}


def test_after_a_failure_another_edit_is_the_reason(toy: Toy) -> None:
    """What failed before is no reason for what is asked for now."""
    toy.stage.acts["picture[1]"] = fail(Failed("no"))
    toy.pictures[1] = {"provider": "painter", "size": 1}
    toy.make()
    toy.pictures[1] = {"provider": "painter", "size": 2}
    assert must(toy) == {"picture[1]": ("input picture[1] changed: size none → 2",)}


def test_half_a_result_is_none(toy: Toy) -> None:
    """A job that gave one of two artefacts is made again."""
    toy.stage.acts["voice[1]"] = give_only("times")
    toy.voices[1] = {"provider": "speaker", "speed": 2}
    toy.make()
    assert must(toy) == {"voice[1]": ("last attempt failed",)}


def test_what_was_wanted_before_is_still_there(toy: Toy) -> None:
    """v1 → v2 → v1 of an input: nothing to do, whether or not v2 was made."""
    toy.texts[1] = "x"
    toy.texts[1] = "b"
    assert toy.plan().jobs == ()
    toy.texts[1] = "x"
    toy.make()
    toy.texts[1] = "b"
    assert toy.plan().jobs == ()


def test_a_call_that_never_ended_is_told(toy: Toy) -> None:
    """After a crash a person sees what may have been paid for."""
    toy.pictures[1] = {"provider": "painter", "size": 1}
    production = toy.movie().produce()
    job = production.jobs[0]
    production.log.started(job, production.decision.signatures[PICTURE_1], "painter", ())
    assert must(toy) == {"picture[1]": ("a call for it was begun and never ended",)}


def test_a_person_s_own_file_is_taken_not_made(toy: Toy) -> None:
    """The job that takes it is local and free; the fan-in over it is made again, other members are not."""
    toy.voices[1] = toy.own(b"my own voice")
    job = planned(toy, "voice[1]")
    assert (job.context["provider"], job.cost) == ("local", 0.0)
    made = toy.make()
    assert made.paid == ()
    assert set(made.jobs) == {"voice[1]", "clip[1]", "timing", "film"}
    assert toy.bodies()["voice[1]"] == b"my own voice"


# --- blobs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["deleted", "cut short"])
def test_a_missing_blob_is_told_and_made_again(toy: Toy, damage: str) -> None:
    """What reads it is decided when the new one is there: the same bytes change nothing."""
    record = toy.store.manifests.read(1).artefacts["picture[1]"]
    key = toy.store.keys.blob(record.blob.digest)
    toy.driver.delete(key)
    if damage == "cut short":
        toy.driver.put(key, b"pic")
    assert must(toy) == {"picture[1]": ("blob missing",)}
    assert may(toy) == {"clip[1]", "clip[2]", "film"}
    made = toy.make()
    assert made.jobs == ("picture[1]",)
    assert made.ended("reused") == {"clip[1]", "clip[2]", "film"}
    assert toy.plan().jobs == ()


def test_a_blob_that_came_back_different_is_followed(toy: Toy) -> None:
    """Another result of the same inputs is the one that counts from then on."""
    record = toy.store.manifests.read(1).artefacts["picture[1]"]
    toy.store.blobs.discard(record.blob.digest)
    toy.stage.acts["picture[1]"] = give(b"another")
    assert set(toy.make().jobs) == {"picture[1]", "clip[1]", "clip[2]", "film"}
    assert toy.bodies()["picture[1]"] == b"another"
    assert toy.plan().jobs == ()


# --- twins --------------------------------------------------------------------------------------------------------


def test_what_would_be_made_twice_is_made_once(new_toy: NewToy) -> None:
    """Of two segments that read the same, one must be made and the other may: it waits for that."""
    toy = new_toy("a", "same", "same")
    assert set(must(toy)) == {"text[0]", "text[1]"}
    assert planned(toy, "text[2]").reasons == ("same inputs as text[1], made in this plan",)
    toy.make("text[0]", "text[1]")
    assert toy.plan().must_cost == Cost(4 * PRICE)


# --- takes and pins -----------------------------------------------------------------------------------------------


def test_another_take_is_another_result_of_the_same_inputs(toy: Toy) -> None:
    """It is made once; the first is there to go back to."""
    first = toy.bodies()["picture[1]"]
    toy.takes = {PICTURE_1: 2}
    assert must(toy) == {"picture[1]": ("take 2 asked for",)}
    toy.make()
    assert toy.bodies()["picture[1]"] != first
    assert toy.plan().jobs == ()
    toy.takes = {}
    assert toy.plan().jobs == ()
    toy.make()
    assert toy.bodies()["picture[1]"] == first


def test_what_is_made_together_is_taken_together(toy: Toy) -> None:
    """A take of the times is a take of the voice."""
    toy.takes = {Name("times", 1): 3}
    assert must(toy) == {"voice[1]": ("take 3 asked for",)}


def test_a_pinned_artefact_stays_whatever_changes(toy: Toy) -> None:
    """Its text changed, its picture stays; what else reads the text is made from the new one."""
    before = toy.bodies()
    toy.pins = frozenset({PICTURE_1})
    toy.texts[1] = "x"
    assert must(toy) == {"text[1]": ("input text[1] changed: b → x",)}
    assert may(toy) == {"voice[1]", "clip[1]", "timing", "film"}
    toy.make()
    assert toy.bodies()["picture[1]"] == before["picture[1]"]
    assert toy.bodies()["clip[1]"] != before["clip[1]"]
    assert toy.plan().jobs == ()


def test_an_artefact_no_longer_pinned_is_made_from_what_is_wanted_now(toy: Toy) -> None:
    """The pin held it back, nothing else."""
    toy.pins, toy.texts[1] = frozenset({PICTURE_1}), "x"
    toy.make()
    toy.pins = frozenset()
    assert must(toy) == {"picture[1]": ("text[1] changed",)}


def test_a_pin_keeps_what_is_made_together(toy: Toy) -> None:
    """A pinned voice keeps its times: they belong to each other."""
    toy.pins, toy.voices[1] = frozenset({Name("voice", 1)}), {"provider": "other"}
    assert toy.plan().jobs == ()
    toy.make()
    assert toy.plan().jobs == ()


def test_a_pin_of_what_was_never_made_holds_nothing_back(new_toy: NewToy) -> None:
    """There is no present blob to keep."""
    toy = new_toy("a", pins=frozenset({Name("picture", 0)}))
    assert "picture[0]" in toy.make().jobs


def test_a_pinned_artefact_whose_blob_is_gone_is_made_or_found(toy: Toy) -> None:
    """A pin cannot keep what is lost."""
    toy.pins = frozenset({PICTURE_1})
    toy.store.blobs.discard(toy.store.manifests.read(1).artefacts["picture[1]"].blob.digest)
    assert must(toy) == {"picture[1]": ("blob missing",)}


def test_a_pin_keeps_all_of_what_is_made_together_or_nothing(toy: Toy) -> None:
    """A voice that is gone takes its pinned times along: new times belong to a new voice."""
    toy.pins = frozenset({Name("times", 1)})
    toy.store.blobs.discard(toy.store.manifests.read(1).artefacts["voice[1]"].blob.digest)
    assert must(toy) == {"voice[1]": ("blob missing",)}


@pytest.mark.parametrize("wanted", ["takes", "pins"])
@pytest.mark.parametrize(
    ("name", "next_step"), [("picture[3]", "use picture[0] to picture[2]"), ("pic[0]", "choose one of")]
)
def test_a_take_or_a_pin_of_nothing_is_refused(toy: Toy, wanted: str, name: str, next_step: str) -> None:
    """Rather than silently ignored."""
    setattr(toy, wanted, {Name.parse(name): 2} if wanted == "takes" else frozenset({Name.parse(name)}))
    with pytest.raises(Refused, match=rf"next: {next_step}".replace("[", r"\[")):
        toy.plan()


# --- targets ------------------------------------------------------------------------------------------------------


def test_targets_pull_in_what_they_need_and_nothing_else(new_toy: NewToy) -> None:
    """A clip needs its picture, the one before, their texts, and its times with their voice."""
    toy = new_toy("a", "b", "c")
    plan = toy.plan("clip[1]")
    assert {job.job_id for job in plan.jobs} == {
        "text[0]", "text[1]", "picture[0]", "picture[1]", "voice[1]", "clip[1]",
    }  # fmt: skip
    assert plan.targets == ("clip[1]",)


def test_a_target_that_is_made_needs_nothing(toy: Toy) -> None:
    """Whatever else is to be done."""
    toy.texts[1] = "x"
    assert toy.plan("clip[0]").jobs == ()
    assert toy.plan("clip[0]").reused == 4


# --- costs --------------------------------------------------------------------------------------------------------


def test_a_plan_says_what_must_and_what_may_cost(toy: Toy) -> None:
    """The sums of the prices of both."""
    toy.pictures[0] = {"provider": "painter", "size": 1}
    toy.texts[2] = "x"
    plan = toy.plan()
    assert plan.must_cost == Cost(PRICE)
    assert plan.may_cost == Cost(2 * PRICE)


def test_an_unknown_price_is_unknown_never_zero(toy: Toy) -> None:
    """In the job, in the sum, and in words."""
    toy.pictures = {0: {"provider": "dear"}, 1: {"provider": "painter", "size": 1}}
    plan = toy.plan()
    assert planned(toy, "picture[0]").cost is None
    assert plan.must_cost == Cost(PRICE, unknown=1)
    assert str(plan.must_cost) == "0.0100 USD and 1 of unknown price"


# --- the document -------------------------------------------------------------------------------------------------


def test_a_plan_is_bound_to_its_base(toy: Toy) -> None:
    """By the digest of the manifest it was made on; it is for the next revision."""
    plan = toy.plan()
    assert plan.manifest_base_digest == toy.store.manifests.read(1).digest
    assert plan.revision == "rev-0002"


def test_each_job_says_all_about_itself(toy: Toy) -> None:
    """What it reads, what it makes, who does it, what it costs."""
    toy.voices[1] = {"provider": "speaker", "speed": 2}
    job = planned(toy, "voice[1]")
    assert job.inputs == ("text[1]", "inputs/voice[1]")
    assert job.makes == ("voice[1]", "times[1]")
    assert job.context == {"segment": 1, "provider": "speaker"}
    assert job.cost == PRICE


def test_layers_follow_one_another(new_toy: NewToy) -> None:
    """A job is behind all it reads."""
    layers = new_toy("a").plan().layers
    assert [sorted(job.job_id for job in layer) for layer in layers] == [
        ["text[0]"], ["picture[0]", "voice[0]"], ["clip[0]", "timing"], ["film"],
    ]  # fmt: skip


def test_a_plan_is_read_as_it_was_written(toy: Toy) -> None:
    """And a torn one may simply be planned again."""
    toy.texts[1] = "x"
    plan = toy.plan()
    assert read_plan(write_plan(plan)) == plan


def test_edits_name_what_came_and_what_went(toy: Toy) -> None:
    """A segment taken out takes its inputs along."""
    del toy.texts[2]
    toy.title = "New"
    assert set(toy.plan().edits) == {"title", "text[2]", "picture[2]", "voice[2]"}


# --- and nothing changes ------------------------------------------------------------------------------------------


def test_a_plan_changes_nothing_on_disk(new_toy: NewToy, tmp_path: Path) -> None:
    """Neither on an empty disk nor on one with a movie: no file, no folder, no time of change."""
    toy = new_toy("a", "b", driver=LocalDriver(tmp_path / "builds"))

    def disk() -> dict[Path, tuple[int, int]]:
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in tmp_path.rglob("*")}

    before = disk()
    assert toy.plan().jobs
    assert toy.movie().produce().has_work
    assert disk() == before
    toy.make()
    before = disk()
    toy.texts[1] = "x"
    assert toy.plan().jobs
    assert toy.plan("clip[0]").jobs == ()
    assert disk() == before
