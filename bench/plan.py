"""Planning against a floor in the same run: as many records spelt as JSON and digested, one after another.

    python bench/plan.py [--quick]

`loaded`: the log has been read by this process; `cold`: it is read from disk. Milliseconds, the quickest of several rounds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from movie_assets.core.artefact import BlobRef, Scope
from movie_assets.core.blueprint import Blueprint, every, input_, previous, same
from movie_assets.core.blueprints import BLUEPRINTS, blueprint_of
from movie_assets.core.digest import canonical
from movie_assets.core.errors import Refused
from movie_assets.core.graph import Graph
from movie_assets.core.inputs import INPUTS, resolve
from movie_assets.core.movie import Movie
from movie_assets.core.movie_file import read_movie
from movie_assets.core.ports import Meta, Result
from movie_assets.core.store.disk import Disk
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.task import Task
from movie_assets.core.toy import SCOPES, Results, Toy
from resources.clock import SystemClock

ROUNDS = 7


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="a tenth of the segments")
    part = 10 if options.parse_args().quick else 1
    print(f"{'':46}{'jobs':>7}{'ms':>9}{'floor':>9}{'ratio':>8}{'µs/job':>9}{'aim':>9}")
    with tempfile.TemporaryDirectory() as folder:
        plan_of_segments(Path(folder) / "small", 1000 // part, aims=("60", "60", "150"))
        plan_of_segments(Path(folder) / "large", 5000 // part, aims=("linear",) * 3)
        config_to_plan(Path(folder) / "narrated", 400 // part)


# --- many segments ------------------------------------------------------------------------------------------------


class Five(Toy):
    """Five jobs per segment, and a film."""

    def blueprint(self) -> Blueprint:
        segment, make = Scope.SEGMENT, self.stage.producer
        producers = (
            make("text", segment, (input_("text"),), media_type="text/plain"),
            make("picture", segment, (same("text"), input_("picture")), asks="picture"),
            make("voice", segment, (same("text"), input_("voice")), ("voice", "times"), asks="voice"),
            make("motion", segment, (same("picture"),), media_type="text/plain"),
            make("clip", segment, (same("picture"), previous("picture"), same("motion"), same("times"))),
            make("film", Scope.MOVIE, (every("clip"), input_("title"))),
        )
        return Blueprint("five", producers, {})


def plan_of_segments(folder: Path, segments: int, aims: tuple[str, str, str]) -> None:
    """Prints what it takes to plan a movie that is made, with and without an edit."""
    toy = Five(
        folder / "scratch",
        [f"text {number}" for number in range(segments)],
        unsynced(folder),
        clock=SystemClock(),
    )
    assert toy.make().manifest is not None
    edited = replace(toy, texts=["edited", *toy.texts[1:]])
    plain, movie = toy.movie(), edited.movie()
    jobs = len(movie.graph.jobs)
    base = floor(jobs)
    toy.store.events.index()
    warm = partial(replace(movie, store=toy.store).plan)
    row("plan, nothing changed, loaded", jobs, quickest(plain.plan), base, aims[0])
    row("plan, one text edited, loaded", jobs, quickest(warm), base, aims[1])
    row("plan, one text edited, cold", jobs, quickest(lambda: cold(movie, toy).plan()), base, aims[2])
    row("  of it the log", jobs, quickest(partial(read_log, toy)), base)
    row("  of it the manifest", jobs, quickest(toy.store.manifests.live), base)
    row("  of it the list of blobs", jobs, quickest(toy.store.present), base)
    row(
        "the graph, once per movie opened",
        jobs,
        quickest(lambda: Graph.of(toy.blueprint(), segments, SCOPES).makers),
        base,
    )


def cold(movie: Movie, toy: Toy) -> Movie:
    return replace(movie, store=MovieStore(toy.driver, "toy"))


def read_log(toy: Toy) -> None:
    MovieStore(toy.driver, "toy").events.index()


# --- a real configuration -----------------------------------------------------------------------------------------


def config_to_plan(folder: Path, segments: int) -> None:
    """Prints what it takes from the text of movie.yaml to a plan of the blueprint `narrated`."""
    store = MovieStore(unsynced(folder), "bench")
    toy = Toy(folder / "scratch", [], clock=SystemClock())
    production = opened(config(segments, "wonder"), store, toy).produce()
    production.begin()
    list(production.outcomes())
    assert production.publish() is not None
    text = config(segments, "dread")
    jobs = len(production.movie.graph.jobs)
    base = floor(jobs)
    took = quickest(lambda: opened(text, store, toy).plan())
    row(f"movie.yaml of {segments} segments to plan, loaded", jobs, took, base, "200")
    row("  of it reading and checking movie.yaml", jobs, quickest(lambda: read(text)), base)
    row("  of it resolving the inputs", jobs, quickest(partial(resolve, read(text), no_file)), base)
    fresh = MovieStore(unsynced(folder / "empty"), "bench")
    row(
        "  the first plan, nothing made", jobs, quickest(lambda: opened(text, fresh, toy).plan()), base, "200"
    )


def config(segments: int, mood: str) -> bytes:
    """A movie.yaml with an override in every fifth segment."""
    overrides = "".join(
        f'  {number}: {{picture: {{prompt: "a finch on cactus {number}"}}, narration: {{text: "Segment {number}."}}}}\n'
        for number in range(0, segments, 5)
    )
    return (
        f"title: Bench\nbrief: How long it takes.\nsegments: {segments}\npicture: {{style: woodcut}}\n"
        f"music: {{mood: {mood}}}\noverrides:\n{overrides}"
    ).encode()


def read(text: bytes) -> Any:
    offline = dict.fromkeys(("script", "picture", "narration", "motion", "music"), ("offline",))
    return read_movie("bench", text, "movie.yaml", blueprints=BLUEPRINTS, providers=offline)


def no_file(name: str) -> BlobRef:
    raise Refused(f"{name} does not exist")


def opened(text: bytes, store: MovieStore, toy: Toy) -> Movie:
    """The movie as `Studio.open` opens it, but every producer gives the digest of what it reads."""
    said = read(text)
    blueprint = played(blueprint_of(said))
    inputs = {name: given for name, given in resolve(said, no_file).items() if name.kind in blueprint.inputs}
    graph = Graph.of(blueprint, said.segments, INPUTS)
    return Movie("bench", store, graph, inputs, said.takes, said.pins, toy, toy.movie().gear)


def played(blueprint: Blueprint) -> Blueprint:
    def make(kinds: tuple[str, ...], task: Task) -> Results:
        digest = sha256(repr((task.segment, task.inputs)).encode()).hexdigest()
        return {kind: Result(canonical([kind, digest]), "application/x-toy", Meta("bench")) for kind in kinds}

    producers = (
        replace(each, make=partial(make, each.makes), judge=lambda task, made: ())
        for each in blueprint.producers
    )
    return replace(blueprint, producers=tuple(producers))


# --- measuring ----------------------------------------------------------------------------------------------------


def unsynced(folder: Path) -> LocalDriver:
    """A local store whose writes are not waited for: what is measured here only reads."""
    return LocalDriver(folder, Disk(sync=lambda descriptor: None, sync_data=lambda descriptor: None))


def floor(records: int) -> float:
    """Seconds to spell and digest so many records of the size of a signature."""
    encode = msgspec.json.Encoder(order="sorted").encode
    reads = {name: sha256(name.encode()).hexdigest() for name in ("picture", "picture[-1]", "inputs/frame")}

    def spell() -> None:
        for number in range(records):
            sha256(encode({"producer": "clip", "codeVersion": str(number), "reads": reads})).hexdigest()

    return quickest(spell)


def quickest(work: Callable[[], Any]) -> float:
    took = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        took.append(time.perf_counter() - begin)
    return min(took)


def row(name: str, jobs: int, took: float, base: float, aim: str = "") -> None:
    print(
        f"{name:46}{jobs:7}{took * 1e3:9.1f}{base * 1e3:9.1f}{took / base:8.1f}{took / jobs * 1e6:9.1f}{aim:>9}"
    )


if __name__ == "__main__":
    main()
