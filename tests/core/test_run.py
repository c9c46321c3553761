"""A run: each job as soon as it can, each result kept, each failure no bigger than it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from movie_assets.core.artefact import Name
from movie_assets.core.errors import Damaged, Failed, Refused, Stopped, Unready
from movie_assets.core.event import ArtefactEvent
from movie_assets.core.movie import Production
from movie_assets.core.outcome import Outcome
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.toy import PRICE, Gate, Toy, fail, give, give_only, sleep

NewToy = Callable[..., Toy]


def events(toy: Toy, status: str) -> list[ArtefactEvent]:
    return [event for event in toy.store.events.artefacts() if event.status == status]


def names(toy: Toy, status: str) -> list[str]:
    return [event.artefact_id for event in events(toy, status)]


def begun(toy: Toy, *targets: str) -> Production:
    production = toy.movie().produce([Name.parse(name) for name in targets] or None)
    production.begin()
    return production


# --- order --------------------------------------------------------------------------------------------------------


def test_there_is_no_barrier_between_layers(new_toy: NewToy) -> None:
    """A segment goes on to its clip while another's text is still being written."""
    toy, gate = new_toy("a", "b"), Gate()
    toy.stage.acts["text[1]"] = gate
    with closing(begun(toy).outcomes()) as outcomes:
        ended = [next(outcomes).job.id for _ in range(4)]
        assert set(ended) == {"text[0]", "picture[0]", "voice[0]", "clip[0]"}
        gate.opened.set()
        assert len(list(outcomes)) == len(toy.movie().graph.jobs) - 4


def test_everything_runs_once_and_in_order(new_toy: NewToy) -> None:
    """No job is called before what it reads has ended."""
    toy = new_toy(*"abcd")
    made = toy.make()
    assert sorted(made.jobs) == sorted(job.id for job in toy.movie().graph.jobs)
    at = {outcome.job.id: place for place, outcome in enumerate(made.outcomes)}
    graph = toy.movie().graph
    assert all(at[graph.maker(name).id] < at[job.id] for job in graph.jobs for name in job.needs())


def test_a_provider_gets_as_many_calls_at_once_as_its_lane_has_places(new_toy: NewToy) -> None:
    """And uses them all."""
    toy = new_toy(*"abcdefgh", places={"local": 4, "painter": 1, "speaker": 3})
    toy.stage.acts = {"picture": sleep(0.01), "voice": sleep(0.02)}
    toy.make()
    assert toy.stage.most_at_once["painter"] == 1
    assert toy.stage.most_at_once["speaker"] == 3
    assert toy.stage.most_at_once["local"] <= 4


def test_what_takes_longest_behind_it_begins_first(new_toy: NewToy) -> None:
    """By what calls took the last time, also among those that are ready from the start."""

    class Ticking:
        def __init__(self, toy: Toy) -> None:
            self.toy = toy

        def __call__(self, task: object, made: dict[str, object]) -> dict[str, object]:
            self.toy.clock.time += 100.0
            return made

    toy = new_toy(*"abcd", places={"local": 1, "painter": 1, "speaker": 1})
    toy.stage.acts["clip[2]"] = Ticking(toy)
    toy.make()
    toy.texts = [f"new {text}" for text in toy.texts]
    assert toy.make().jobs[0] in ("text[1]", "text[2]")


# --- reuse --------------------------------------------------------------------------------------------------------


def test_identical_bytes_stop_the_rebuild(new_toy: NewToy) -> None:
    """A made again as it was: B is reused, and so is all behind it."""
    toy = new_toy("a", "b")
    toy.stage.acts["text[1]"] = give(b"the same")
    toy.make()
    toy.texts[1] = "x"
    made = toy.make()
    assert made.jobs == ("text[1]",)
    assert made.ended("reused") == {"picture[1]", "voice[1]", "clip[1]", "timing", "film"}


def test_twins_are_paid_once(new_toy: NewToy) -> None:
    """Jobs that read the same are one call, also when all are ready at the same time."""
    toy = new_toy(*["same"] * 5, places={"painter": 5, "speaker": 5, "local": 5})
    toy.stage.acts["picture"] = sleep(0.01)
    made = toy.make()
    assert len(made.paid) == 2
    twins = 4 * 3 + 3  # texts, pictures and voices, and all clips but the first two
    assert len(made.ended("reused")) == twins
    assert len({toy.bodies()[f"picture[{at}]"] for at in range(5)}) == 1


def test_a_twin_is_tried_when_the_first_one_failed(new_toy: NewToy) -> None:
    """Another try may work, and if it does the first one's failure blocks nothing of its own."""
    toy = new_toy("same", "same")
    errors = iter([Failed("no"), None])

    def act(task: object, made: dict[str, object]) -> dict[str, object]:
        if error := next(errors):
            raise error
        return made

    toy.stage.acts["picture"] = act
    made = toy.make()
    assert [job.partition("[")[0] for job in made.paid].count("picture") == 2
    assert len(made.ended("failed")) == 1
    assert len(made.ended("reused") & {"picture[0]", "picture[1]"}) == 0
    assert toy.make().paid == ()


def test_a_run_reads_the_log_as_it_is_now(new_toy: NewToy) -> None:
    """What another process made since the plan is not made again."""
    toy = new_toy("a")
    production = begun(toy)
    new_toy("a", driver=toy.driver).make("film")
    outcomes = list(production.outcomes())
    assert {outcome.status for outcome in outcomes} == {"reused"}
    assert toy.stage.calls == []


# --- failures -----------------------------------------------------------------------------------------------------


def test_a_failure_blocks_what_depends_on_it_and_nothing_else(new_toy: NewToy) -> None:
    """B is not made from the old A; the other segments go on."""
    toy = new_toy("a", "b", "c")
    toy.make()
    toy.texts = ["x", "y", "z"]
    toy.stage.acts["picture[1]"] = fail(Failed("no"))
    made = toy.make()
    assert made.ended("failed") == {"picture[1]"}
    assert made.ended("blocked") == {"clip[1]", "clip[2]", "film"}
    assert {"clip[0]", "picture[2]", "voice[1]", "timing"} <= made.ended("produced")
    assert made.manifest is None


def test_the_next_run_makes_just_what_is_left(new_toy: NewToy) -> None:
    """A, then B; nothing that was paid for."""
    toy = new_toy("a", "b", "c")
    toy.stage.acts["picture[1]"] = fail(Failed("no"))
    toy.make()
    toy.stage.acts.clear()
    made = toy.make()
    assert set(made.jobs) == {"picture[1]", "clip[1]", "clip[2]", "film"}
    assert made.manifest is not None


def test_an_outcome_is_told_for_every_planned_job(new_toy: NewToy) -> None:
    """Once, however many failures block it."""
    toy = new_toy(*"abcdef")
    for at in (0, 1, 4):
        toy.stage.acts[f"picture[{at}]"] = fail(Failed("no"))
    outcomes = toy.make().outcomes
    assert sorted(outcome.job.id for outcome in outcomes) == sorted(job.id for job in toy.movie().graph.jobs)


def test_an_error_names_artefact_provider_and_what_it_blocks(new_toy: NewToy) -> None:
    """So that a person can act on it."""
    toy = new_toy("a", "b")
    toy.stage.acts["picture[0]"] = fail(Refused("the prompt was refused", next_step="change it"))
    error = toy.make().production.error()
    assert isinstance(error, Refused)
    assert str(error) == (
        "the prompt was refused (movie toy, artefact picture[0], provider painter, blocks clip[0], clip[1], film)\n  next: change it"
    )


def test_all_failures_are_told_in_one_error(new_toy: NewToy) -> None:
    """Each with what it blocks, also what another one blocked before."""
    toy = new_toy("a", "b")
    toy.stage.acts = {"picture[0]": fail(Refused("no")), "voice[1]": fail(Refused("never", next_step="try"))}
    told = str(toy.make().production.error())
    assert told.startswith("2 jobs failed:\n")
    assert "picture[0]: no (blocks clip[0], clip[1], film)" in told
    assert "voice[1]: never (blocks clip[1], timing, film)" in told
    assert new_toy("a").make().production.error() is None


def test_half_of_two_artefacts_is_a_failure(new_toy: NewToy) -> None:
    """A provider that gives one of two: nothing is recorded as a success, and the missing one is named."""
    toy = new_toy("a")
    toy.stage.acts["voice"] = give_only("voice")
    made = toy.make()
    assert made.ended("failed") == {"voice[0]"}
    assert "gave no times" in str(made.production.error())
    assert names(toy, "failed") == ["voice[0]", "times[0]"]
    assert not {"voice[0]", "times[0]"} & set(names(toy, "succeeded"))


@pytest.mark.parametrize("raised", [RuntimeError("oh"), SystemExit(1), KeyboardInterrupt()], ids=repr)
def test_whatever_a_producer_raises_is_a_failure(new_toy: NewToy, raised: BaseException) -> None:
    """Nothing hangs, and the sentence says what broke."""
    toy = new_toy("a")

    def act(task: object, made: object) -> dict[str, object]:
        raise raised

    toy.stage.acts["picture"] = act
    error = toy.make().production.error()
    assert isinstance(error, Failed)
    assert type(raised).__name__ in error.fact
    assert error.__cause__ is raised


@pytest.mark.parametrize("refused", ["succeeded", "failed"])
def test_a_recorder_that_breaks_is_a_failure_of_the_job(new_toy: NewToy, refused: str) -> None:
    """A full disk ends a job, not the program; what reads it waits for the next run."""
    toy = new_toy("a")
    production = begun(toy)
    if refused == "failed":
        toy.stage.acts["picture"] = fail(Failed("no"))

    def record(outcome: Outcome) -> Outcome:
        if outcome.job.id == "picture[0]":
            raise Unready("the disk is full") if refused == "succeeded" else OSError("the disk is full")
        return production.log(outcome)

    outcomes = {outcome.job.id: outcome for outcome in production.outcomes(record)}
    assert outcomes["picture[0]"].status == "failed"
    assert outcomes["film"].status == "blocked"
    assert outcomes["timing"].status == "produced"


def test_damaged_bytes_are_refused_by_their_reader(new_toy: NewToy) -> None:
    """A blob that is not what it claims makes no clip."""
    toy = new_toy("a")
    toy.make("picture[0]")
    key = toy.store.keys.blob(events(toy, "succeeded")[-1].output.digest)
    toy.driver.put(key, bytes(len(toy.driver.get(key))))
    error = toy.make().production.error()
    assert isinstance(error, Damaged)
    assert "does not match its digest" in error.fact


# --- what is recorded ---------------------------------------------------------------------------------------------


def test_a_call_that_may_cost_is_announced(new_toy: NewToy) -> None:
    """`started` is in the log before the provider is called; our own free steps need none."""
    toy, seen = new_toy("a"), []
    toy.stage.acts["picture[0]"] = lambda task, made: (seen.extend(names(toy, "started")), made)[1]
    toy.make()
    assert "picture[0]" in seen
    assert sorted(names(toy, "started")) == ["picture[0]", "times[0]", "voice[0]"]


def test_a_success_says_all_about_itself(new_toy: NewToy) -> None:
    """What from, by whom, at what cost, why, in which run and revision."""
    toy = new_toy("a")
    made = toy.make()
    event = next(event for event in events(toy, "succeeded") if event.artefact_id == "times[0]")
    assert (event.produced_by, event.code_version, event.provider, event.cost) == (
        "voice",
        "1",
        "speaker",
        PRICE,
    )
    assert (event.revision, event.run_id) == ("rev-0001", made.production.plan.plan_id)
    assert event.reasons == ("reads text[0], made in this plan",)
    text = toy.store.manifests.read(1).artefacts["text[0]"]
    assert event.inputs == {"text": text.blob.digest, "inputs/voice": toy.inputs()[Name("voice", 0)].digest}


def test_a_failure_says_what_went_wrong(new_toy: NewToy) -> None:
    """In words and with the next step, for `movies why`."""
    toy = new_toy("a")
    toy.stage.acts["picture"] = fail(Refused("too dark", next_step="lighten up"))
    toy.make()
    (event,) = events(toy, "failed")
    assert event.output is None
    assert event.diagnostics["error"] == "Refused"
    assert (event.diagnostics["fact"], event.diagnostics["nextStep"]) == ("too dark", "lighten up")


def test_a_reuse_that_changes_nothing_writes_nothing(new_toy: NewToy) -> None:
    """Nor does a blocked job."""
    toy = new_toy("a", "b")
    toy.stage.acts["text[1]"] = give(b"the same")
    toy.make()
    toy.texts[1] = "x"
    before = len(toy.store.events.artefacts())
    toy.make()
    assert len(toy.store.events.artefacts()) == before + 1


def test_what_is_told_as_made_is_in_the_log(new_toy: NewToy) -> None:
    """A result is durable before anyone hears of it."""
    toy = new_toy("a", "b", "c")
    for outcome in begun(toy).outcomes():
        assert {str(name) for name in outcome.job.makes} <= set(names(toy, "succeeded"))
        assert outcome.outputs.keys() == set(outcome.job.makes)


def test_no_scratch_is_left(new_toy: NewToy) -> None:
    """Each call begins with an empty folder of its own; at the end of the run all of them are gone."""
    toy, busy, seen = new_toy(*"abcdef"), set(), []

    def act(task: object, made: dict[str, object]) -> dict[str, object]:
        folder = task.at.scratch
        seen.append((folder in busy, list(folder.iterdir())))
        busy.add(folder)
        (folder / "note").write_text("x")
        (folder / "deep").mkdir()
        (folder / "deep" / "note").write_text("x")
        busy.remove(folder)
        return made

    toy.stage.acts = {"picture": act, "clip": act}
    toy.make()
    assert seen == [(False, [])] * 12

    assert not list(toy.scratch.glob("toy/*"))


def test_a_torn_last_line_takes_nothing_else_with_it(new_toy: NewToy, tmp_path: Path) -> None:
    """It is ignored and reported, what it said is made again, and the next line starts afresh."""
    toy = new_toy("a", driver=LocalDriver(tmp_path / "builds"))
    toy.make("picture[0]")
    log = tmp_path / "builds" / "toy" / "events" / "artefacts.log"
    log.write_bytes(log.read_bytes()[:-20])
    again = new_toy("a", driver=LocalDriver(tmp_path / "builds"), clock=toy.clock)
    made = again.make("picture[0]")
    assert made.jobs == ("picture[0]",)
    assert again.store.events.torn
    assert names(again, "succeeded") == ["text[0]", "picture[0]"]


# --- the end ------------------------------------------------------------------------------------------------------


def test_a_stop_ends_the_work_at_hand_within_bounds(new_toy: NewToy) -> None:
    """Calls that listen end at once; what was finished is kept and not made again."""
    toy, gate = new_toy("a", "b"), Gate()
    toy.stage.acts["picture"] = gate
    production = begun(toy)
    threading.Thread(target=lambda: (gate.entered.wait(5), production.stop.set())).start()
    begin = time.monotonic()
    with pytest.raises(Stopped, match="next: run the same command again"):
        list(production.outcomes())
    assert time.monotonic() - begin < 4.0
    toy.stage.acts.clear()
    kept = set(names(toy, "succeeded"))
    assert {"text[0]", "text[1]"} <= kept
    assert not set(toy.make().jobs) & kept


@pytest.mark.parametrize("ends_after", [0.3, None])
def test_a_call_that_does_not_listen_does_not_hold_up_the_stop(
    new_toy: NewToy, ends_after: float | None
) -> None:
    """It is waited for only so long; if it ends in that time its result is kept."""
    toy, gate = new_toy("a"), Gate(deaf=True)
    toy.stage.acts["picture[0]"] = gate
    production = begun(toy, "picture[0]")
    threading.Thread(target=lambda: (gate.entered.wait(5), production.stop.set())).start()
    if ends_after is not None:
        threading.Timer(ends_after, gate.opened.set).start()
    begin = time.monotonic()
    with pytest.raises(Stopped):
        list(production.outcomes())
    assert time.monotonic() - begin < 8.0
    assert ("picture[0]" in names(toy, "succeeded")) == (ends_after is not None)
    gate.opened.set()


def test_a_stop_is_no_failure(new_toy: NewToy) -> None:
    """Nothing is recorded as failed, nothing is told as blocked."""
    toy, gate = new_toy("a"), Gate()
    toy.stage.acts["picture"] = gate
    production = begun(toy)
    threading.Thread(target=lambda: (gate.entered.wait(5), production.stop.set())).start()
    ended: list[Outcome] = []
    with pytest.raises(Stopped):
        ended.extend(production.outcomes())
    assert {outcome.status for outcome in ended} <= {"produced"}
    assert production.failures == []
    assert names(toy, "failed") == []


def test_closing_the_iterator_keeps_what_is_finished(new_toy: NewToy) -> None:
    """As when Dagster ends a run; no new call begins, and the calls at hand are asked to stop."""
    toy, gate = new_toy("a", "b"), Gate()
    toy.stage.acts["picture"] = gate
    production = begun(toy)
    outcomes = production.outcomes()
    assert next(outcomes).status == "produced"
    assert gate.entered.wait(5)
    outcomes.close()
    assert production.stop.is_set()
    calls = len(toy.stage.calls)
    toy.stage.acts.clear()
    kept = set(names(toy, "succeeded"))
    time.sleep(0.02)
    assert len(toy.stage.calls) == calls
    assert not set(toy.make().jobs) & kept


def test_a_finished_run_does_not_wait(new_toy: NewToy) -> None:
    """There is no grace to sit out when nothing is at work; nor does it set the stop of others."""
    toy = new_toy(*"abcdefgh")
    begin = time.monotonic()
    production = toy.make().production
    assert time.monotonic() - begin < 1.4
    assert not production.stop.is_set()


class Dying(MemoryDriver):
    """A disk that refuses every write from the n-th on, until it is healed."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self.left = float(writes)

    def _keep(self, key: str, data: bytes) -> None:
        self.left -= 1
        if self.left < 0:
            raise Unready("the disk is full")
        super()._keep(key, data)


def writes_of_a_run(new_toy: NewToy) -> Iterator[int]:
    driver = Dying(10_000)
    new_toy("a", "b", driver=driver).make()
    yield from range(10_000 - int(driver.left))


def test_wherever_a_run_dies_the_next_goes_on_from_there(new_toy: NewToy) -> None:
    """After each of its writes in turn: no success is made twice, and the film is the same."""
    whole = new_toy("a", "b")
    whole.make()
    for writes in writes_of_a_run(new_toy):
        toy = new_toy("a", "b", driver=Dying(writes))
        with suppress(Unready):
            toy.make()
        toy.driver.left = 10_000
        toy.make()
        assert toy.bodies() == whole.bodies()
        succeeded = [(event.kind, event.inputs_digest) for event in events(toy, "succeeded")]
        assert len(succeeded) == len(set(succeeded))
