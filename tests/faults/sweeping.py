"""Builders of one movie beside a sweeper that is killed now and then, each in a process of its own.

    python sweeping.py '{"root": …, "told": …, "builders": …, "builds": …, "kills": …}'

A day takes two seconds here. Each builder has a text of its own, which it sets back and forth, so that what nothing refers
to any more is wanted again; it plans, often lets a sweep go by, and then builds. Each edit that was published is a line of
the file `told`, and each sweep. It ends when everyone has built so often, so many sweepers have died with their flag up,
and something was swept away. None but the killed may fail.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from movie_assets.core.errors import Conflict, Transient
from movie_assets.core.movie import Production
from movie_assets.core.store import blobs, sweep
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.toy import Toy
from resources.clock import SystemClock
from resources.roots import driver_of

DAY = 2.0
FLAG = 3.0
TEXTS = "abc"
TRIES = 30


def shorten_days() -> None:
    sweep.LEAST_SECONDS, sweep._FLAG_SECONDS, blobs.YOUNG_SECONDS = DAY, FLAG, DAY / 4
    from resources.s3 import driver

    driver._YOUNG_SECONDS = DAY / 24


class Beside:
    def __init__(self, told: dict[str, Any]) -> None:
        self.told, self.lines = told, Path(told["told"])
        self.driver, self.scratch = driver_of(told["root"], Path()), self.lines.parent
        self.lines.touch()
        self.over = self.scratch / "over"
        self.me, self.parent = os.getpid(), os.getppid()

    @property
    def store(self) -> MovieStore:
        return MovieStore(self.driver, "toy")

    def tell(self, *words: object) -> None:
        with self.lines.open("a") as stream:
            stream.write(" ".join(map(str, words)) + "\n")

    def count(self, word: str) -> int:
        return sum(line.startswith(f"{word} ") for line in self.lines.read_text().splitlines())

    def fork(self, work: Callable[[], None]) -> int:
        child = os.fork()
        if not child:
            try:
                work()
                os._exit(0)
            finally:
                traceback.print_exc()
                os._exit(1)
        return child

    # --- at work ----------------------------------------------------------------------------------------------

    def build(self, who: int) -> None:
        """Nothing ends a build but that somebody was first, or that what it was to reuse was swept before it began."""
        toy = Toy(
            self.scratch / f"builder-{who}",
            ["x"] * self.told["builders"],
            driver=self.driver,
            clock=SystemClock(),
        )
        chance = random.Random(who)
        while not self.over.exists():
            text = chance.choice(TEXTS)
            for _ in range(TRIES):
                production = self.planned(toy, who, text)
                if chance.random() < 0.8:
                    self.let_a_sweep_go_by()
                try:
                    production.begin()
                    statuses = [outcome.status for outcome in production.outcomes()]
                    assert set(statuses) <= {"produced", "reused"}, statuses
                    live = production.publish() or toy.store.manifests.live()
                    assert live is not None and live.inputs[f"text[{who}]"].payload == text
                    break
                except Conflict:
                    continue
                except Transient as error:
                    assert "swept meanwhile" in error.fact, error
            else:
                raise AssertionError("no build got through")
            self.tell("built", who, text)

    def planned(self, toy: Toy, who: int, text: str) -> Production:
        """On what is live, with the texts of the others as they are there."""
        while True:
            assert os.getppid() == self.me
            live = toy.store.manifests.live()
            if live is not None:
                toy.texts = [live.inputs[f"text[{at}]"].payload for at in range(len(toy.texts))]
            toy.texts[who] = text
            production = toy.movie().produce()
            if production.known.base == live:
                return production

    def let_a_sweep_go_by(self) -> None:
        swept = self.another("swept")
        while not swept() and not self.over.exists():
            assert os.getppid() == self.me
            time.sleep(0.01)

    def sweep(self) -> None:
        recover = sweep._recover  # what a sweep does first, once no run stands in its way
        sweep._recover = lambda store: self.tell("sweeping", "") or recover(store)
        while os.getppid() == self.me:
            try:
                swept = sweep.sweep(self.store, sweep.Terms(DAY, keep_revisions=2), SystemClock())
            except Conflict:
                time.sleep(0.2)
            else:
                self.tell("swept", swept.blobs, swept.condemned)

    # --- watching ---------------------------------------------------------------------------------------------

    def run(self) -> None:
        builders = [self.fork(lambda who=who: self.build(who)) for who in range(self.told["builders"])]  # type: ignore[misc]
        sweeper, chance, killed = self.fork(self.sweep), random.Random(1), 0
        try:
            while not self.is_enough(killed):
                self.wait_for(self.another("swept"))
                self.wait_for(self.another("sweeping"))
                time.sleep(chance.uniform(0, 0.2))
                os.kill(sweeper, signal.SIGKILL)
                assert os.WIFSIGNALED(os.waitpid(sweeper, 0)[1]), "a sweep has failed"
                killed += self.driver.stat(self.store.keys.sweep) is not None
                sweeper = self.fork(self.sweep)
            self.over.touch()
            assert [os.waitpid(builder, 0)[1] for builder in builders] == [0] * len(builders)
        finally:
            os.kill(sweeper, signal.SIGKILL)

    def wait_for(self, seen: Callable[[], bool]) -> None:
        while not seen():
            ended, _ = os.waitpid(-1, os.WNOHANG)
            assert not ended, "one has ended by itself"
            assert os.getppid() == self.parent, "nobody waits for this any more"
            time.sleep(0.01)

    def another(self, word: str) -> Callable[[], bool]:
        before = self.count(word)
        return lambda: self.count(word) > before

    def is_enough(self, killed: int) -> bool:
        """So many died with their flag up, everyone has built so often, and something is gone for good."""
        builds = min(self.count(f"built {who}") for who in range(self.told["builders"]))
        lines = [line.split() for line in self.lines.read_text().splitlines()]
        gone = sum(int(line[1]) for line in lines if line[0] == "swept")
        return killed >= self.told["kills"] and builds >= self.told["builds"] and gone > 0


if __name__ == "__main__":
    shorten_days()
    Beside(json.loads(sys.argv[1])).run()
