"""Keys: every key of a movie is spelled here, safely, and can be read back."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.errors import Refused
from movie_assets.core.store.driver import check_key
from movie_assets.core.store.keys import Keys

KEYS = Keys("galapagos")
DIGEST = "7f" + "0" * 62


def test_keys_are_spelled_as_the_design_says() -> None:
    """DESIGN.md section 7."""
    assert KEYS.manifest(1) == "galapagos/manifests/rev-0001.json"
    assert KEYS.current == "galapagos/current.json"
    assert KEYS.blob(DIGEST) == f"galapagos/blobs/7f/{DIGEST}"
    assert KEYS.inputs_log == "galapagos/events/inputs.log"
    assert KEYS.artefacts_log == "galapagos/events/artefacts.log"
    assert KEYS.plan(3, "8c1f") == "galapagos/runs/rev-0003-8c1f-plan.json"
    assert KEYS.lease("run-1") == "galapagos/runs/leases/run-1"
    assert KEYS.claim("picture", DIGEST) == f"galapagos/claims/picture-{DIGEST}"
    assert KEYS.metrics(3) == "galapagos/metrics/rev-0003.json"
    assert KEYS.pending("motion", DIGEST) == f"galapagos/pending/motion/{DIGEST}.json"


@given(
    revision=st.integers(1, 9999),
    plan=st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z"),
    digest=st.from_regex(r"\A[0-9a-f]{64}\Z"),
)
def test_keys_are_safe_and_lie_below_their_prefix(revision: int, plan: str, digest: str) -> None:
    """Every key passes the drivers' own check."""
    for key, prefix in [
        (KEYS.manifest(revision), KEYS.manifests),
        (KEYS.plan(revision, plan), KEYS.plans),
        (KEYS.lease(plan), KEYS.leases),
        (KEYS.blob(digest), KEYS.blobs),
        (KEYS.claim("words", digest), KEYS.claims),
        (KEYS.metrics(revision), "galapagos/"),
        (KEYS.pending("words", digest), KEYS.all_pending),
        (KEYS.entry(KEYS.inputs_entries, plan, revision), KEYS.inputs_entries),
        (KEYS.entry(KEYS.artefacts_entries, plan, revision), KEYS.artefacts_entries),
    ]:
        assert check_key(key).startswith(prefix)


@given(st.integers(1, 9999), st.integers(1, 9999), st.from_regex(r"\A[0-9a-f]{64}\Z"))
def test_keys_read_back(one: int, other: int, digest: str) -> None:
    """A manifest's key says its revision and a blob's its digest; keys of manifests sort as revisions count."""
    assert KEYS.revision_of(KEYS.manifest(one)) == one
    assert KEYS.digest_of(KEYS.blob(digest)) == digest
    assert KEYS.job_of(KEYS.pending("motion", digest)) == ("motion", digest)
    entries = KEYS.artefacts_entries
    assert KEYS.place_of(entries, KEYS.entry(entries, digest[:16], one)) == (digest[:16], one)
    assert (KEYS.entry(entries, "w", one) < KEYS.entry(entries, "w", other)) == (one < other)
    assert (KEYS.manifest(one) < KEYS.manifest(other)) == (one < other)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "rev-0001.json",
        "galapagos/manifests/rev-0000.json",
        "galapagos/manifests/rev-1.json",
        "galapagos/manifests/rev-0001.json.bak",
        "galapagos/manifests/rev-0001.json\n",
        "galapagos/manifests/x/rev-0001.json",
        "other/manifests/rev-0001.json",
        f"galapagos/blobs/00/{DIGEST}",
        f"other/blobs/7f/{DIGEST}",
        f"galapagos/blobs/7f/{DIGEST}.part",
        DIGEST,
    ],
)
def test_strangers_are_no_keys(key: str) -> None:
    """A file somebody left beside the manifests or blobs stands for nothing."""
    assert KEYS.revision_of(key) is None
    assert KEYS.digest_of(key) is None
    assert KEYS.place_of(KEYS.artefacts_entries, key) is None


@pytest.mark.parametrize(
    "spell",
    [
        Keys,
        KEYS.blob,
        lambda bad: KEYS.plan(1, bad),
        lambda bad: KEYS.entry(KEYS.inputs_entries, bad, 1),
        KEYS.lease,
        lambda bad: KEYS.claim(bad, DIGEST),
        lambda bad: KEYS.claim("picture", bad),
    ],
)
@pytest.mark.parametrize(
    "bad", ["", ".", "..", "../x", "a/b", "a\0", "a\n", "a b", "ä", "-a", "picture[3]", "x" * 65]
)
def test_what_may_not_become_part_of_a_path_is_refused(spell: Callable[[str], Any], bad: str) -> None:
    """Movie ids, digests, kinds and ids are checked before a key is built."""
    with pytest.raises(Refused):
        spell(bad)


@pytest.mark.parametrize("revision", [0, -1, 10_000])
def test_revisions_count_from_one(revision: int) -> None:
    """And have four digits at most, so that their keys sort."""
    with pytest.raises(Refused):
        KEYS.manifest(revision)


def test_only_keys_spells_keys() -> None:
    """No other module of the core writes the name of a folder of the store."""
    core = Path(__file__).parents[3] / "movie_assets" / "core"
    spelled = re.compile(r"""["'/](manifests|blobs|events|claims|results|leases|metrics|pending)/""")
    sinners = [
        file.name
        for file in core.rglob("*.py")
        if file.name != "keys.py" and spelled.search(file.read_text())
    ]
    assert sinners == []
