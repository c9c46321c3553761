"""The only module that spells keys (DESIGN.md section 7)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from movie_assets.core.artefact import Name, check_movie_id
from movie_assets.core.digest import is_digest
from movie_assets.core.errors import Refused
from movie_assets.core.revision import revision_name

__all__ = ["Keys"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")
_MANIFEST = re.compile(r"rev-([0-9]{4})\.json\Z")
_BLOB = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})\Z")
_ENTRY = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,63})/([0-9]{8})\.jsonl\Z")
_LAST_REVISION = 9999  # so that keys sort as revisions count


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one movie; whatever may not become part of a path is `Refused`."""

    movie: str

    def __post_init__(self) -> None:
        check_movie_id(self.movie)

    # --- prefixes ---------------------------------------------------------------------------------------------

    @property
    def manifests(self) -> str:
        return f"{self.movie}/manifests/"

    @property
    def blobs(self) -> str:
        return f"{self.movie}/blobs/"

    @property
    def plans(self) -> str:
        return f"{self.movie}/runs/rev-"

    @property
    def leases(self) -> str:
        return f"{self.movie}/runs/leases/"

    @property
    def claims(self) -> str:
        return f"{self.movie}/claims/"

    @property
    def all_pending(self) -> str:
        return f"{self.movie}/pending/"

    @property
    def checkpoints(self) -> str:
        return f"{self.movie}/checkpoints/rev-"

    @property
    def packs(self) -> str:
        return f"{self.movie}/checkpoints/packs/"

    @property
    def all_metrics(self) -> str:
        return f"{self.movie}/metrics/"

    @property
    def quarantine(self) -> str:
        return f"{self.movie}/quarantine/"

    @property
    def trash(self) -> str:
        return f"{self.movie}/.trash/"

    @property
    def events(self) -> str:
        return f"{self.movie}/events/"

    @property
    def inputs_entries(self) -> str:
        """Where a store that cannot append keeps the log of inputs, object by object."""
        return f"{self.movie}/events/inputs/"

    @property
    def artefacts_entries(self) -> str:
        """The same for the log of artefacts."""
        return f"{self.movie}/events/artefacts/"

    # --- keys -------------------------------------------------------------------------------------------------

    @property
    def current(self) -> str:
        return f"{self.movie}/current.json"

    @property
    def inputs_log(self) -> str:
        return f"{self.movie}/events/inputs.log"

    @property
    def artefacts_log(self) -> str:
        return f"{self.movie}/events/artefacts.log"

    def entry(self, entries: str, writer: str, number: int) -> str:
        """A writer's numbered object of a log."""
        return f"{entries}{_id(writer)}/{number:08}.jsonl"

    def manifest(self, revision: int) -> str:
        return f"{self.manifests}{_revision(revision)}.json"

    def blob(self, digest: str) -> str:
        return f"{self.blobs}{_digest(digest)[:2]}/{digest}"

    def plan(self, revision: int, plan_id: str) -> str:
        return f"{self.movie}/runs/{_revision(revision)}-{_id(plan_id)}-plan.json"

    def lease(self, run_id: str) -> str:
        return f"{self.leases}{_id(run_id)}"

    def claim(self, kind: str, inputs_digest: str) -> str:
        return f"{self.claims}{_kind(kind)}-{_digest(inputs_digest)}"

    def pending(self, kind: str, inputs_digest: str) -> str:
        return f"{self.all_pending}{_kind(kind)}/{_digest(inputs_digest)}.json"

    def checkpoint(self, revision: int) -> str:
        return f"{self.movie}/checkpoints/{_revision(revision)}.json"

    def pack(self, digest: str) -> str:
        return f"{self.packs}{_digest(digest)}"

    @property
    def sweep(self) -> str:
        return f"{self.movie}/runs/sweep"

    @property
    def condemned(self) -> str:
        return f"{self.movie}/condemned.json"

    def trashed(self, digest: str) -> str:
        return f"{self.trash}{_digest(digest)}"

    def quarantined(self, key: str) -> str:
        """Where a damaged key is put aside."""
        return f"{self.quarantine}{key.removeprefix(self.movie + '/')}"

    def claim_after(self, claim: str) -> str:
        """The key by which a claim is taken over."""
        first, _, generation = claim.partition(".")
        number = int(generation) if generation.isdecimal() and len(generation) < 9 else 0
        return f"{first}.{number + 1:04}"

    def metrics(self, revision: int) -> str:
        return f"{self.movie}/metrics/{_revision(revision)}.json"

    # --- and back ---------------------------------------------------------------------------------------------

    def revision_of(self, manifest: str) -> int | None:
        """The revision a manifest's key is for; None for any other key."""
        match = _MANIFEST.match(manifest.removeprefix(self.manifests))
        revision = int(match[1]) if match else 0
        return revision if revision and manifest == self.manifest(revision) else None

    def place_of(self, entries: str, entry: str) -> tuple[str, int] | None:
        """The writer and the number of an object of a log; None for any other key."""
        match = _ENTRY.match(entry.removeprefix(entries))
        return (match[1], int(match[2])) if match else None

    def first_of(self, claim: str) -> str:
        """The key by which the same thing is claimed first."""
        return claim.partition(".")[0]

    def id_of(self, lease: str) -> str | None:
        """The id that a lease's key is for; None for any other key."""
        name = lease.removeprefix(self.leases)
        return name if _ID.match(name) else None

    def job_of(self, pending: str) -> tuple[str, str]:
        """The kind and the inputs digest that a note's key is for."""
        kind, _, digest = pending.removeprefix(self.all_pending).partition("/")
        return kind, digest.removesuffix(".json")

    def pack_of(self, pack: str) -> str | None:
        """The digest a pack's key is for; None for any other key."""
        name = pack.removeprefix(self.packs)
        return name if is_digest(name) else None

    def digest_of(self, blob: str) -> str | None:
        """The digest a blob's key is for; None for any other key."""
        prefix = self.blobs
        match = _BLOB.match(blob, len(prefix)) if blob.startswith(prefix) else None
        return match[2] if match else None


def _revision(revision: int) -> str:
    if not 1 <= revision <= _LAST_REVISION:
        raise Refused(
            f"{revision} is not a revision", next_step=f"revisions count from 1 to {_LAST_REVISION}"
        )
    return revision_name(revision)


def _digest(text: str) -> str:
    if not is_digest(text):
        raise Refused(f"{text!r} is not a digest", next_step="a digest is 64 of 0-9 and a-f")
    return text


def _kind(text: str) -> str:
    if Name.parse(text).segment is not None:
        raise Refused(f"{text!r} names one segment, not a kind")
    return text


def _id(text: str) -> str:
    if _ID.match(text) is None:
        raise Refused(f"{text!r} is not an id", next_step="use 1 to 64 of letters, digits, _ and -")
    return text
