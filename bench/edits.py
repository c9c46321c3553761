"""An hour of edits on the sample movie: what each one calls against the least possible, and how long it takes.

    python bench/edits.py [--quick] [--small]

Each edit is a person's: movie.yaml, script.md or a file beside them, then `movies make` in a process of its own. The
least is what a person would work out by hand: it is written beside each edit. `--quick` uses providers that answer at
once, in this process; `--small` makes the film 480 × 270, for a busy machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import wave
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from resources.instant import InstantPorts
from resources.studio import Studio

ROOT = Path(__file__).resolve().parent.parent
MOVIE = "galapagos"
CALLED = ("script", "picture", "narration", "motion", "music", "clip", "soundtrack", "film")
JOIN = {"soundtrack": 1, "film": 1}


@dataclass
class Desk:
    """A copy of the sample movie, and what its person has set so far."""

    project: Path
    fields: dict[str, Any] = field(init=False)
    sections: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.project / "movies" / MOVIE
        shutil.copytree(ROOT / "movies" / MOVIE, self.folder)
        self.fields = yaml.safe_load((self.folder / "movie.yaml").read_text())
        self.head, *self.sections = (self.folder / "script.md").read_text().split("\n## ")

    def save(self) -> None:
        (self.folder / "movie.yaml").write_text(yaml.safe_dump(self.fields, allow_unicode=True))
        (self.folder / "script.md").write_text("\n## ".join([self.head, *self.sections]))

    def segment(self, number: int, section: str, **fields: Any) -> None:
        """Sets what is different in one segment."""
        own = self.fields["overrides"].setdefault(number, {}).setdefault(section, {})
        own.update(fields)

    def renumber(self, places: Mapping[int, int]) -> None:
        """What is said of a segment stays with it when it moves."""
        said = self.fields["overrides"]
        self.fields["overrides"] = {places.get(number, number): each for number, each in said.items()}
        takes = self.fields.get("takes", {})
        moved = {f"picture[{old}]": f"picture[{new}]" for old, new in places.items()}
        self.fields["takes"] = {moved.get(name, name): take for name, take in takes.items()}


# --- the edits ----------------------------------------------------------------------------------------------------


def sentence(desk: Desk) -> None:
    desk.sections[4] = desk.sections[4].replace("twelve species", "thirteen species")


def own_picture(desk: Desk) -> None:
    Image.new("RGB", (1280, 720), (40, 60, 90)).save(desk.folder / "mine.png")
    desk.segment(1, "picture", file="mine.png")


def own_score(desk: Desk) -> None:
    with wave.open(str(desk.folder / "score.wav"), "wb") as sound:
        sound.setparams((1, 2, 24000, 0, "NONE", ""))
        sound.writeframes(b"".join((n % 200 * 40).to_bytes(2, "little") for n in range(240000)))
    desk.fields["replace"] = {"music": "score.wav"}


def insert(desk: Desk) -> None:
    desk.sections.insert(3, "Rain\n\nIt rained for a week.\n\n> picture: rain over a grey sea\n")
    desk.fields["segments"] = 7
    desk.renumber({3: 4, 4: 5, 5: 6})


def remove(desk: Desk) -> None:
    del desk.sections[3]
    desk.fields["segments"] = 6
    desk.renumber({4: 3, 5: 4, 6: 5})


def swap(desk: Desk) -> None:
    desk.sections[4:] = [desk.sections[5].rstrip() + "\n", desk.sections[4].rstrip() + "\n"]
    desk.renumber({4: 5, 5: 4})


def sets(**fields: Any) -> Callable[[Desk], None]:
    return lambda desk: desk.fields.update(fields)


def says(number: int, section: str, **fields: Any) -> Callable[[Desk], None]:
    return lambda desk: desk.segment(number, section, **fields)


# Six segments; 0 is animated. An instant voice is equally fast in every voice, so that no clip follows it.
EDITS: list[tuple[str, Callable[[Desk], None], dict[str, int]]] = [
    ("caption style", sets(captions={"style": "plain"}), {"clip": 6, "film": 1}),
    ("title", sets(title="Darwin's finches"), {"film": 1}),
    ("volume of the music", lambda desk: desk.fields["music"].update(volume=0.2), JOIN),
    ("mood of the music", lambda desk: desk.fields["music"].update(mood="calm"), {"music": 1, **JOIN}),
    ("prompt of one picture", says(3, "picture", prompt="finches at dusk"), {"picture": 1, "clip": 2, "film": 1}),
    ("text of one narration", says(2, "narration", text="Tortoises."), {"narration": 1, "clip": 1, **JOIN}),
    ("one word of the script", sentence, {"narration": 1, "clip": 1, **JOIN}),
    ("another take of a picture", sets(takes={"picture[5]": 2}), {"picture": 1, "clip": 1, "film": 1}),
    ("voice", lambda desk: desk.fields["narration"].update(voice="en-us"), {"narration": 6, "clip": 6, **JOIN}),
    ("the old voice again", lambda desk: desk.fields["narration"].update(voice="en-gb"), {}),
    ("one transition", says(3, "transition", style="cut"), {"clip": 1, "film": 1}),
    ("camera of one segment", says(4, "motion", move="pan-up"), {"clip": 2, "film": 1}),
    ("one segment animated", says(2, "motion", kind="animated"), {"motion": 1, "clip": 2, "film": 1}),
    ("one's own picture", own_picture, {"clip": 2, "film": 1}),
    ("one's own score", own_score, JOIN),
    ("a new segment in the middle", insert, {"picture": 1, "narration": 1, "clip": 2, **JOIN}),
    ("that segment removed", remove, {}),
    ("two segments swapped", swap, {"clip": 2, **JOIN}),
    ("pictures per second", lambda desk: desk.fields["frame"].update(fps=25), {"motion": 2, "clip": 6, **JOIN}),
    (
        "style of all pictures",
        lambda desk: desk.fields["picture"].update(style="woodcut"),
        {"picture": 5, "motion": 2, "clip": 6, "film": 1},
    ),
]  # fmt: skip


# --- making -------------------------------------------------------------------------------------------------------


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="instant providers, in this process")
    options.add_argument("--small", action="store_true", help="a film of 480 × 270")
    chosen = options.parse_args()
    quick = chosen.quick
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        desk.fields["overrides"][0] = {"motion": {"kind": "animated"}}
        if chosen.small:
            desk.fields["frame"].update(width=480, height=270)
        desk.save()
        make = instantly if quick else by_command
        print(f"{'edit':30}{'calls':>7}{'least':>7}{'seconds':>9}   {'which'}")
        row("first film", *make(desk, "builds"), least=None)
        total = sum((Counter(each) for each in edited(desk, make, quick)), Counter[str]())
        row("a full rebuild at the end", *make(desk, "again"), least=None)
        print(f"\nafter {len(EDITS)} edits: {total['calls']} calls, least possible {total['least']}")
        if not quick:
            print(f"movies plan, cold: {min(planned(desk) for _ in range(3)):.2f} s, aim 1.5")
        sys.exit(total["calls"] != total["least"])


def edited(
    desk: Desk, make: Callable[[Desk, str], tuple[Counter[str], float]], quick: bool
) -> Iterator[dict[str, int]]:
    for name, edit, least in EDITS:
        edit(desk)
        desk.save()
        calls, took = make(desk, "builds")
        wanted = {
            kind: count for kind, count in least.items() if not (quick and name == "voice" and kind == "clip")
        }
        row(name, calls, took, least=wanted)
        yield {"calls": calls.total(), "least": sum(wanted.values())}


def row(name: str, calls: Counter[str], took: float, least: Mapping[str, int] | None) -> None:
    which = ", ".join(f"{count} {kind}" for kind, count in sorted(calls.items()))
    aim = "" if least is None else str(sum(least.values()))
    wrong = "" if least is None or calls == least else f"   NOT THE LEAST: {dict(least)}"
    print(f"{name:30}{calls.total():7}{aim:>7}{took:9.1f}   {which}{wrong}", flush=True)


def by_command(desk: Desk, root: str) -> tuple[Counter[str], float]:
    """`movies make`, as a person types it."""
    before = said(desk, root)
    took = command(desk, "make", MOVIE, "--yes", "--root", root)
    return said(desk, root) - before, took


def instantly(desk: Desk, root: str) -> tuple[Counter[str], float]:
    before, begin = said(desk, root), time.perf_counter()
    production = Studio(desk.project, root, ports=InstantPorts()).open(MOVIE).produce()
    if production.has_work:
        production.begin()
        list(production.outcomes())
        production.publish()
    return said(desk, root) - before, time.perf_counter() - begin


def planned(desk: Desk) -> float:
    return command(desk, "plan", MOVIE)


def command(desk: Desk, *words: str) -> float:
    """Seconds of one `movies` command."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("DAGSTER_HOME", None)
    entry = [sys.executable, "-c", "from movie_assets.cli import main; main()"]
    begin = time.perf_counter()
    subprocess.run(
        [*entry, *words, "--project", str(desk.project)],
        env=environment,
        check=True,
        capture_output=True,
        cwd=desk.project,
    )
    return time.perf_counter() - begin


def said(desk: Desk, root: str) -> Counter[str]:
    """How often each provider or the renderer was called so far, as the log has it."""
    events = Studio(desk.project, root).store(MOVIE).events.artefacts()
    made = {(event.event_id, event.produced_by) for event in events if _is_call(event)}
    return Counter(producer for _, producer in made)


def _is_call(event: Any) -> bool:
    """One event per job, of those that a provider or the renderer did: not our own slicing, nor a person's files."""
    first = event.name.kind == event.produced_by
    free = event.provider == "local" and event.produced_by in ("script", "motion", "music")
    return (
        event.status == "succeeded"
        and first
        and event.produced_by in CALLED
        and event.provider != "person"
        and not free
    )


if __name__ == "__main__":
    main()
