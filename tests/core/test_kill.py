"""Kill -9, anywhere: what is in the log is kept, and the film is the same."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from movie_assets.core.store.local import LocalDriver
from movie_assets.core.toy import Toy
from resources.clock import SystemClock

PROGRAM = """
import sys
from pathlib import Path
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.toy import Toy, sleep
from resources.clock import SystemClock
folder = Path(sys.argv[1])
driver = LocalDriver(folder / "builds")
toy = Toy(folder / "scratch", list("abcde"), driver=driver, clock=SystemClock(), lease_seconds=1)
toy.stage.acts = {"picture": sleep(0.03), "voice": sleep(0.02)}
production = toy.movie().produce()
production.begin()
for outcome in production.outcomes():
    print(outcome.job.id, outcome.status, flush=True)
production.publish()
"""


def killed_after(lines: int, folder: Path) -> list[str]:
    """Runs the program until it has told of so many outcomes, and kills it."""
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    told: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": ":".join(sys.path)}
    ) as child:
        assert child.stdout is not None
        while len(told) < lines and (line := child.stdout.readline()):
            told.append(line.strip())
        child.send_signal(signal.SIGKILL)
    return told


def test_after_kills_nothing_is_made_twice(new_toy: Callable[..., Toy], tmp_path: Path) -> None:
    """Killed after its third, its eighth and its last outcome, then run to the end."""
    for lines in (3, 8, 23):
        told = killed_after(lines, tmp_path)
        assert told
    driver = LocalDriver(tmp_path / "builds")
    toy = new_toy(*"abcde", driver=driver, clock=SystemClock(), lease_seconds=1)
    toy.make()
    whole = new_toy(*"abcde")
    whole.make()
    assert toy.bodies() == whole.bodies()
    succeeded = [
        (event.kind, event.inputs_digest)
        for event in toy.store.events.artefacts()
        if event.status == "succeeded"
    ]
    assert len(succeeded) == len(set(succeeded)) == len(whole.bodies())
    assert toy.make().jobs == ()
    assert toy.store.manifests.live() is not None
