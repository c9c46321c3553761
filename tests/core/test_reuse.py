"""Reuse: a result belongs to what it was made from, whoever asks and whenever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from movie_assets.core.artefact import BlobRef, Name, Scope
from movie_assets.core.blueprint import ORDINAL, Blueprint, Producer, Read, every, input_, previous, same
from movie_assets.core.digest import digest_of
from movie_assets.core.event import ArtefactEvent, InputEvent
from movie_assets.core.graph import Graph, Job
from movie_assets.core.reuse import NOTHING, Index, Signature, signature
from movie_assets.core.toy import Toy

M, S = Scope.MOVIE, Scope.SEGMENT
digests = st.text("abcdef", min_size=1, max_size=3)


def job_of(
    scope: Scope, *reads: Read, segment: int | None = None, version: str = "1", segments: int = 5
) -> Job:
    """The job of a producer `it` among the makers of whatever it reads."""
    it = Producer("it", version, scope, reads, ("sound", "words"), lambda task: {})
    piece, whole = (
        Producer(name, "1", of, (), (name,), lambda task: {}) for name, of in (("piece", S), ("whole", M))
    )
    graph = Graph.of(Blueprint("toy", (piece, whole, it), {}), segments, {"given": M, "own": S})
    return graph.maker(Name("sound", segment))


def sign(
    job: Job, outputs: dict[Name, str], inputs: dict[Name, str] | None = None, take: int = 1
) -> Signature:
    found = signature(job, inputs or {}, outputs, take)
    assert found is not None
    return found


def test_the_digest_is_of_producer_version_and_reads() -> None:
    """As docs/format.md says: sha256 of canonical JSON of exactly these three."""
    job = job_of(S, same("whole"), input_("given"), segment=2, version="7")
    found = sign(job, {Name("whole"): "w"}, {Name("given"): "g"})
    assert found.reads == {"whole": "w", "inputs/given": "g"}
    assert found.digest == digest_of({"producer": "it", "codeVersion": "7", "reads": found.reads})


@given(digests, digests)
def test_another_version_or_another_read_is_another_digest(one: str, other: str) -> None:
    """Nothing else is in it, and nothing of it may be ignored."""
    job = job_of(M, same("whole"))
    before, after = sign(job, {Name("whole"): one}), sign(job, {Name("whole"): other})
    assert (before.digest == after.digest) == (one == other)
    assert sign(job_of(M, same("whole"), version="2"), {Name("whole"): one}).digest != before.digest


@given(st.integers(0, 4), st.integers(0, 4), digests)
def test_a_segment_s_number_is_no_part_of_its_digest(one: int, other: int, digest: str) -> None:
    """What was made for one segment serves any other that reads the same."""
    found = [
        sign(job_of(S, same("piece"), segment=at), {Name("piece", at): digest}).digest for at in (one, other)
    ]
    assert found[0] == found[1]


def test_a_producer_that_slices_by_the_number_reads_it() -> None:
    """Then the number is a read like any other."""
    assert len({sign(job_of(S, ORDINAL, segment=at), {}).digest for at in range(5)}) == 5


@given(st.permutations(["a", "b", "c", "d", "d"]))
def test_a_fan_in_is_the_ordered_list_of_its_members(members: list[str]) -> None:
    """Two members that change places change the whole."""
    job = job_of(M, every("piece"))
    found = sign(job, {Name("piece", at): digest for at, digest in enumerate(members)})
    assert found.reads == {"piece[*]": digest_of(members)}
    in_order = sign(job, {Name("piece", at): digest for at, digest in enumerate("abcdd")})
    assert (found.digest == in_order.digest) == (members == list("abcdd"))


def test_a_fan_in_counts_its_members() -> None:
    """One segment less is another film, also if the one that went was like the one before."""
    found = {
        sign(
            job_of(M, every("piece"), segments=count), {Name("piece", at): "same" for at in range(count)}
        ).digest
        for count in (1, 2, 3)
    }
    assert len(found) == 3


def test_before_the_first_segment_there_is_nothing() -> None:
    """Which has a digest, so that the first clip differs from one with a picture before it."""
    first, second = (job_of(S, previous("piece"), segment=at) for at in (0, 1))
    assert sign(first, {}).reads == {"piece[-1]": NOTHING}
    assert sign(second, {Name("piece", 0): "p"}).digest != sign(first, {}).digest


@pytest.mark.parametrize("read", [same("piece"), previous("piece"), every("piece")])
def test_there_is_no_digest_before_all_reads_are_known(read: Read) -> None:
    """One missing artefact is enough, also one of many."""
    job = job_of(S, read, segment=2)
    known = {Name("piece", at): "p" for at in range(5)}
    assert signature(job, {}, known, 1) is not None
    for name in job.needs():
        assert signature(job, {}, {other: "p" for other in known if other != name}, 1) is None


def test_the_first_take_is_what_one_gets_without_asking() -> None:
    """Only the second and later ones have digests of their own."""
    job = job_of(M, same("whole"))
    found = [sign(job, {Name("whole"): "w"}, take=take) for take in (1, 2, 3)]
    assert len({each.digest for each in found}) == 3
    assert "take" not in found[0].reads
    assert [each.take for each in found] == [1, 2, 3]


# --- the index ----------------------------------------------------------------------------------------------------


def event(name: str, inputs_digest: str, body: str | None, status: Any = "succeeded") -> ArtefactEvent:
    return ArtefactEvent(
        event_id="e", artefact_id=name, revision="rev-0001", run_id="rev-0001", inputs_digest=inputs_digest, status=status,
        produced_by="it", code_version="1", created_at="t", output=BlobRef(body, 1, "text/plain") if body else None,
    )  # fmt: skip


def index_of(*events: ArtefactEvent) -> Index:
    index = Index()
    index.add(events)
    return index


def test_a_result_is_found_whatever_segment_it_was_made_for() -> None:
    """By kind and inputs digest alone."""
    index = index_of(event("sound[0]", "d", "s"), event("words[0]", "d", "w"))
    found = index.results(job_of(S, segment=4), "d")
    assert found is not None
    assert {str(name): ref.digest for name, ref in found.items()} == {"sound[4]": "s", "words[4]": "w"}


def test_a_job_is_reused_only_if_all_it_makes_is_there() -> None:
    """One of two artefacts is not a result."""
    index = index_of(event("sound[0]", "d", "s"), event("words[0]", "other", "w"))
    assert index.results(job_of(S, segment=0), "d") is None


def test_the_latest_success_wins_however_old_failures_are() -> None:
    """A failure after it takes nothing away, and what was skipped or begun is no result."""
    index = index_of(
        event("sound[0]", "d", "old"), event("sound[1]", "d", "new"), event("sound[0]", "d", None, "failed"),
        event("sound[0]", "d", None, "started"), event("sound[0]", "e", "x", "skipped"),
    )  # fmt: skip
    found = index.result("sound", "d")
    assert found is not None
    assert found.output == BlobRef("new", 1, "text/plain")
    assert index.result("sound", "e") is None
    assert index.latest["sound[0]"].status == "skipped"


def test_what_was_begun_and_never_ended_is_known() -> None:
    """Until a success or a failure of the same inputs ends it."""
    begun = event("sound[0]", "d", None, "started")
    assert ("sound", "d") in index_of(begun).started
    for status, body in (("succeeded", "s"), ("failed", None)):
        assert not index_of(begun, event("sound[0]", "d", body, status)).started


@given(
    st.lists(st.tuples(st.sampled_from(["sound[0]", "sound[1]"]), st.sampled_from("de"), digests), max_size=8)
)
def test_an_index_grown_in_pieces_is_that_of_the_whole_log(rows: list[tuple[str, str, str]]) -> None:
    """Reading on from where one was gives what reading from the start gives."""
    events = [event(*row) for row in rows]
    pieces = Index()
    for each in events:
        pieces.add([each])
    assert pieces == index_of(*events)


def test_the_latest_edit_of_an_input_is_known() -> None:
    """Also that it is gone."""
    edit = InputEvent(event_id="e", id="title", revision="rev-0001", digest="d", created_at="t", run_id="r")
    index = Index()
    index.add_inputs(
        [edit, structs.replace(edit, digest="new"), structs.replace(edit, id="text[0]", digest=None)]
    )
    assert {name: each.digest for name, each in index.inputs.items()} == {"title": "new", "text[0]": None}


# --- what follows for movies --------------------------------------------------------------------------------------


@given(st.integers(0, 4))
def test_a_segment_put_in_pays_for_itself_and_the_joins(
    tmp_path_factory: pytest.TempPathFactory, at: int
) -> None:
    """A new segment is made, and the clips that join it to its neighbours; what moved up is reused."""
    toy = Toy(tmp_path_factory.getbasetemp(), ["a", "b", "c", "d"])
    toy.make()
    toy.texts.insert(at, "new")
    made = toy.make()
    joins = {f"clip[{at}]"} | ({f"clip[{at + 1}]"} if at < 4 else set())
    assert set(made.jobs) == {f"text[{at}]", f"picture[{at}]", f"voice[{at}]", *joins, "timing", "film"}
    assert len(made.jobs) == len(set(made.jobs))


@given(st.permutations([0, 1, 2, 3]))
def test_segments_that_change_places_pay_for_joins_only(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    """No text, picture or voice is made again."""
    toy = Toy(tmp_path_factory.getbasetemp(), ["a", "b", "c", "d"])
    toy.make()
    toy.texts = ["abcd"[at] for at in order]
    assert {job.partition("[")[0] for job in toy.make().jobs} <= {"clip", "timing", "film"}


def test_a_segment_taken_out_and_put_back_pays_nothing(new_toy: Callable[..., Toy]) -> None:
    """Its events stay when it leaves the manifest."""
    toy = new_toy("a", "b", "c")
    first = toy.make()
    whole = toy.bodies()
    del toy.texts[1]
    shorter = toy.make()
    assert shorter.paid == ()
    assert shorter.manifest is not None
    assert "clip[2]" in first.manifest.artefacts
    assert "clip[2]" not in shorter.manifest.artefacts
    toy.texts.insert(1, "b")
    assert toy.make().jobs == ()
    assert toy.bodies() == whole
