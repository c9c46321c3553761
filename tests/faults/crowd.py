"""A crowd at one movie's store: many work at the same, and one process of theirs after another is killed.

    python crowd.py '{"work": "publish", "root": …, "processes": …, "threads": …, "kills": …, "told": …, "enough": …}'

What was acknowledged to anyone is a line of the file `told`. After some line any process is killed, at any moment, and
another begins in its place, until there were that many kills and that many lines beginning with "done". None may end by
itself. That way a busy machine takes longer, and nothing else.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from movie_assets.core.errors import Conflict
from movie_assets.core.manifest import ArtefactRecord, Manifest, sealed
from movie_assets.core.revision import revision_name
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.events import logs_of
from movie_assets.core.store.keys import Keys
from movie_assets.core.store.movie_store import MovieStore
from resources.roots import driver_of

MOVIE = "race"
Tell = Callable[..., None]


def next_revision(store: MovieStore, who: str) -> Manifest:
    """A revision with a blob of its own, on whatever is live."""
    live = store.manifests.live()
    number = live.number + 1 if live else 1
    ref = store.blobs.add(f"made by {who} for {number}".encode() * 50, "application/x-toy")
    record = ArtefactRecord(ref, "0" * 64, revision_name(number), "film", "1")
    return sealed(
        Manifest(
            movie=MOVIE,
            revision=revision_name(number),
            base_revision=live.revision if live else None,
            base_digest=live.digest if live else None,
            plan_id=who,
            nonce=os.urandom(8).hex(),
            created_at="2026",
            blueprint="toy",
            segments=0,
            inputs={},
            artefacts={"film": record},
        )
    )


def publish(driver: Driver, who: str, tell: Tell) -> None:
    """Takes the next number, again and again."""
    store = MovieStore(driver, MOVIE)
    while True:
        manifest = next_revision(store, who)
        try:
            store.manifests.publish(manifest)
        except Conflict:
            tell("conflict", manifest.number, manifest.digest)
        else:
            tell("done", manifest.number, manifest.digest)


def append(driver: Driver, who: str, tell: Tell) -> None:
    """Adds to the log, again and again."""
    _, log = logs_of(driver, Keys(MOVIE))
    for number in range(1_000_000):
        log.append(f"{who}.{number} {'x' * (number * 997 % 5000)}".encode())
        tell("done", f"{who}.{number}")


class Crowd:
    def __init__(self, told: dict[str, Any]) -> None:
        self.work = {"publish": publish, "append": append}[told["work"]]
        self.driver = driver_of(told["root"], Path())
        self.processes, self.threads = told["processes"], told["threads"]
        self.kills, self.enough = told["kills"], told["enough"]
        self.told = Path(told["told"])
        self.lines = os.open(self.told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.me, self.parent = os.getpid(), os.getppid()
        self.lives, self.alive = 0, list[int]()

    def tell(self, *words: object) -> None:
        os.write(self.lines, (" ".join(map(str, words)) + "\n").encode())
        if os.getppid() != self.me:
            os._exit(0)

    def live(self, who: str) -> None:
        try:
            self.work(self.driver, who, self.tell)
        finally:
            traceback.print_exc()
            os._exit(1)

    def begin(self) -> int:
        """Forks a process; this one has no threads."""
        self.lives += 1
        child = os.fork()
        if not child:
            names = [f"{self.lives}-{number}" for number in range(self.threads)]
            for name in names[1:]:
                threading.Thread(target=self.live, args=(name,)).start()
            self.live(names[0])
        return child

    def go_on(self) -> None:
        """Until there is another line."""
        size = self.told.stat().st_size
        while self.told.stat().st_size == size:
            ended, _ = os.waitpid(-1, os.WNOHANG)
            assert not ended, "one has ended by itself"
            assert os.getppid() == self.parent, "nobody waits for this any more"
            time.sleep(0.001)

    def done(self) -> int:
        return sum(line.startswith("done") for line in self.told.read_text().splitlines())

    def run(self) -> None:
        chance = random.Random(1)
        try:
            self.alive += [self.begin() for _ in range(self.processes)]
            for _ in range(self.kills):
                self.go_on()
                time.sleep(chance.uniform(0, 0.03))
                self.replace(chance.randrange(self.processes))
            while self.done() < self.enough:
                self.go_on()
        finally:
            for child in self.alive:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)

    def replace(self, at: int) -> None:
        os.kill(self.alive[at], signal.SIGKILL)
        _, status = os.waitpid(self.alive[at], 0)
        assert os.WIFSIGNALED(status), "one has ended by itself"
        self.alive[at] = self.begin()


if __name__ == "__main__":
    Crowd(json.loads(sys.argv[1])).run()
