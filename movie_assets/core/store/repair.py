"""Repair: puts aside what is damaged, so that it counts as missing and is made again, and rebuilds what are copies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from shutil import copyfileobj

from msgspec import structs

from movie_assets.core.clock import Clock
from movie_assets.core.errors import MovieError
from movie_assets.core.ledger import ledger_of
from movie_assets.core.manifest import Manifest, sealed
from movie_assets.core.revision import parse_revision, revision_name
from movie_assets.core.store.driver import Absent
from movie_assets.core.store.events import Events
from movie_assets.core.store.framed import read_frames
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.untold import untold, unwritten
from movie_assets.core.store.verify import Finding

__all__ = ["repair"]


def repair(store: MovieStore, findings: Iterable[Finding], clock: Clock, scratch: Path) -> list[str]:
    """Does what can be done about what was found, without making anything; says what, a sentence each."""
    mender = _Mender(store, clock, scratch)
    done = [(finding, mender.mend(finding)) for finding in findings if finding.harm != "remark"]
    done_after = mender.after()
    return [f"{finding.key}: {said}" for finding, said in done if said] + done_after


class _Mender:
    def __init__(self, store: MovieStore, clock: Clock, scratch: Path) -> None:
        self.store, self.clock, self.scratch = store, clock, scratch
        self.driver, self.keys = store.driver, store.keys
        self.lost_manifests: list[int] = []
        self.metrics: list[int] = []
        self.checkpoints = self.hint = False
        self.told = ""

    def mend(self, finding: Finding) -> str:
        """What was done about one finding; nothing if that comes later, or nothing can be done."""
        act: Callable[[Finding], str] = {
            "blob": self._blob,
            "manifest": self._manifest,
            "missing manifest": self._missing_manifest,
            "event": self._event,
            "missing event": self._missing_event,
            "hint": self._hint,
            "copy": self._copy,
            "disposable": self._drop,
            "note": self._put_aside,
        }.get(finding.what, _nothing)
        try:
            return act(finding)
        except MovieError as error:
            return f"could not be mended: {error.fact}"

    def after(self) -> list[str]:
        """What is rebuilt once everything damaged is out of the way."""
        done = [self._live_again()] if self.lost_manifests else []
        live = self.store.manifests.live()
        if live is None:
            return done
        if self.hint:
            self.store.manifests.write_hint(live)
        if self.checkpoints:
            Events(self.driver, self.keys).checkpoint(live.number)
        for metrics in ledger_of(self.store) if self.metrics else []:
            if parse_revision(metrics.revision) in self.metrics:
                self.store.metrics.save(metrics)
        return done

    # --- by what was found ------------------------------------------------------------------------------------

    def _blob(self, finding: Finding) -> str:
        self._move(finding.key)
        digest = self.keys.digest_of(finding.key)
        assert digest is not None
        self.store.blobs.discard(digest)
        return "put into quarantine; it counts as missing now"

    def _manifest(self, finding: Finding) -> str:
        number = self.keys.revision_of(finding.key)
        assert number is not None
        self._keep_copy(finding.key)
        self.store.manifests.bury(number, None, self.clock.now(), "its manifest was damaged")
        self.lost_manifests.append(number)
        return (
            "put into quarantine; a tombstone keeps its number, and what was made for it is still in the log"
        )

    def _missing_manifest(self, finding: Finding) -> str:
        number = self.keys.revision_of(finding.key)
        assert number is not None
        self.store.manifests.bury(number, None, self.clock.now(), "its manifest was missing")
        return "a tombstone keeps its number"

    def _event(self, finding: Finding) -> str:
        if finding.at is None:
            return ""
        self._note(finding.key, finding.at)
        told = self._tell_again()
        return f"the line at byte {finding.at} is noted as known; the log is never changed, {told}"

    def _missing_event(self, finding: Finding) -> str:
        for entries in (self.keys.inputs_entries, self.keys.artefacts_entries):
            if place := self.keys.place_of(entries, finding.key):
                self._fill(entries, *place)
        return self._tell_again()

    def _fill(self, entries: str, writer: str, first: int) -> None:
        """An empty object keeps the number of each that is gone, so that readers find no gap."""
        places = [self.keys.place_of(entries, key) for key in self.driver.list(entries)]
        last = max((place[1] for place in places if place and place[0] == writer), default=0)
        for number in range(first, last):
            self.driver.create(self.keys.entry(entries, writer, number), b"")

    def _tell_again(self) -> str:
        """Once for all that is lost of the logs: at their ends, what is known of it elsewhere."""
        if not self.told:
            events = Events(self.driver, self.keys)
            inputs, artefacts = events.inputs(), events.artefacts()
            known_inputs, known = events.remembered()
            kept = unwritten(known, artefacts)
            found = untold(self._readable(), inputs, [*artefacts, *kept], known_inputs)
            for log in (self.keys.inputs_log, self.keys.artefacts_log):
                self._note_unfinished(log)
            events.append_artefacts([*kept, *found.artefacts])
            events.append_inputs(found.inputs)
            self._drop_checkpoints()
            self.told = _told_again(len(kept), len(found.artefacts), len(found.inputs))
        return self.told

    def _note(self, log: str, at: int) -> None:
        line = self.driver.get(log, at).split(b"\n", 1)[0]
        self.driver.put(f"{self.keys.quarantined(log)}.{at}", line)

    def _note_unfinished(self, log: str) -> None:
        """What follows it makes a damaged line of a last one without its end."""
        with suppress(Absent):
            data = self.driver.get(log)
            if unfinished := read_frames(data)[1].unfinished:
                self._note(log, len(data) - unfinished)

    def _readable(self) -> Iterator[Manifest]:
        for number in self.store.manifests.numbers():
            with suppress(MovieError):
                yield self.store.manifests.read(number)

    def _hint(self, finding: Finding) -> str:
        self.driver.delete(finding.key)
        self.hint = True
        return "written anew"

    def _copy(self, finding: Finding) -> str:
        if finding.key.startswith(self.keys.all_metrics):
            self.driver.delete(finding.key)
            self.metrics.append(parse_revision(finding.key.rpartition("/")[2].removesuffix(".json")))
        else:
            self._drop_checkpoints()
        return "counted again from the log"

    def _drop_checkpoints(self) -> None:
        self.checkpoints = True
        for key in [*self.driver.list(self.keys.checkpoints), *self.driver.list(self.keys.packs)]:
            self.driver.delete(key)

    def _drop(self, finding: Finding) -> str:
        self.driver.delete(finding.key)
        return "deleted; it is not needed"

    def _put_aside(self, finding: Finding) -> str:
        self._move(finding.key)
        self.driver.delete(finding.key)
        return "put into quarantine: see at the provider what became of what it told of"

    # --- how --------------------------------------------------------------------------------------------------

    def _keep_copy(self, key: str) -> None:
        with suppress(Absent):
            self._move(key)

    def _move(self, key: str) -> None:
        """A copy into quarantine, in place where there are paths, so that what cannot be read can be moved, too."""
        place = self.driver.path(key)
        if place is None:
            place = self.scratch / "damaged"
            with self.driver.open(key) as source, place.open("wb") as target:
                copyfileobj(source, target)
        self.driver.put_file(self.keys.quarantined(key), place)

    def _live_again(self) -> str:
        """The live revision must be one that can be read: else the newest sound one is published again."""
        numbers = self.store.manifests.numbers()
        sound = self.store.manifests.all()
        if numbers[-1] not in self.lost_manifests:
            return f"the live revision is {revision_name(numbers[-1])}, as before"
        if not sound:
            for number in numbers:
                self.driver.delete(self.keys.manifest(number))
            return f"no revision is left; movies make {self.store.movie} publishes from the log, paying for nothing"
        manifest = self._republished(sound[-1], numbers[-1] + 1)
        self.hint = True
        return f"{manifest.revision} is live and says what {sound[-1].revision} said; what was made since is in the log"

    def _republished(self, sound: Manifest, number: int) -> Manifest:
        manifest = structs.replace(
            sound,
            revision=revision_name(number),
            base_revision=sound.revision,
            base_digest=sound.digest,
            plan_id=self.clock.new_id(),
            nonce=self.clock.new_id(),
            created_at=self.clock.now(),
        )
        self.store.manifests.publish(sealed(manifest))
        return manifest


def _told_again(kept: int, results: int, inputs: int) -> str:
    said = [f"{kept} results told again as a checkpoint knew them"] if kept else []
    said += (
        [f"{results} results told again as revisions name them, what they cost being lost"] if results else []
    )
    said += [f"{inputs} inputs told again"] if inputs else []
    return f"{', '.join(said) or 'nothing of it is known elsewhere'}; what else it told of is lost"


def _nothing(finding: Finding) -> str:
    """A missing blob is made again, a stray file is left to whoever put it there."""
    return ""
