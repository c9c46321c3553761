"""A movie of the predecessor as code: a small clean one, which each test makes odd in its own way."""

from __future__ import annotations

import io
import json
import math
import struct
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image


def png(colour: int) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (64, 36), (colour % 256, 90, 120)).save(data, "PNG")
    return data.getvalue()


def sound(tone: int, seconds: float = 0.6) -> bytes:
    """A tone; the predecessor called whatever it got .mp3, and readers look at the bytes."""
    data = io.BytesIO()
    with wave.open(data, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        samples = (
            int(9000 * math.sin(2 * math.pi * (200 + 30 * tone) * n / 8000))
            for n in range(int(8000 * seconds))
        )
        out.writeframes(b"".join(struct.pack("<h", each) for each in samples))
    return data.getvalue()


@dataclass
class Old:
    """Two segments; rev0 whole, rev1 with other voices. Change its parts, then `write` it."""

    folder: Path
    lines: list[Any] = field(default_factory=list)
    edits: list[Any] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    snapshots: dict[int, dict[str, Any]] = field(default_factory=dict)
    documents: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)

    def line(self, id: str, rev: int, **fields: Any) -> dict[str, Any]:
        """Adds a line; `file` are bytes that lie where the predecessor put them."""
        said = {
            "id": id,
            "rev": rev,
            "content_hash": f"sha:{id}@{rev}",
            "full_hash": "sha:full",
            "deps": ["some_producer"],
            "content": None,
            "asset_path": None,
            "status": "succeeded",
            "produced_by": "some_producer",
            "created_at": f"2025-10-{20 + rev:02}T10:00:00Z",
        } | fields
        self.lines.append(said)
        return said

    def asset(self, id: str, rev: int, below: str, data: bytes, **fields: Any) -> dict[str, Any]:
        path = f"assets/rev{rev}/{below}"
        self.files[path] = data
        return self.line(id, rev, **({"asset_path": path} | fields))

    def snapshot(self, rev: int, **fields: Any) -> None:
        """What stands in a revision, as its lines say."""
        hashes: dict[str, str] = {}
        for line in sorted(
            (line for line in self.lines if isinstance(line, dict)), key=lambda line: line["rev"]
        ):
            if line["rev"] <= rev and line["status"] == "succeeded":
                hashes[line["id"]] = line["content_hash"]
        self.snapshots[rev] = {
            "revision": rev,
            "inputSource_hashes": {},
            "artifact_hashes": hashes,
            "plan_ref": f"plans/rev{rev}-plan.json",
            "timeline": self.timeline(rev),
            "status": "succeeded",
            "changed_since_prev": [],
            "created_at": f"2025-10-{20 + rev:02}T12:00:00Z",
        } | fields

    def timeline(self, rev: int) -> dict[str, Any]:
        visual = [
            {"id": f"v{i}", "kind": "kenBurns", "startTime": 5 * i, "duration": 10, "imageAssetId": f"segment_image_asset_{i}_0",
             "imageUrl": f"assets/rev0/images/seg{i}/img0.png", "effectName": "zoom"}
            for i in range(2)
        ]  # fmt: skip
        voice = [
            {"id": f"n{i}", "kind": "voice", "startTime": 5 * i + 0.5, "duration": 4, "narrationAssetId": f"narration_asset_{i}",
             "audioUrl": f"assets/rev{rev}/narration/seg{i}.mp3", "volume": 0.8}
            for i in range(2)
        ]  # fmt: skip
        return {"duration": 10, "tracks": {"visual": {"clips": visual}, "voice": {"clips": voice}}}

    def write(self) -> Path:
        documents = {
            "metadata.json": {"movie_id": "movie_civilwar_001", "status": "succeeded", "latest_revision": 1,
                              "active_assets_prefix": "assets/rev1/", "oldest_kept_rev": 0,
                              "created_at": "2025-10-20T09:00:00Z"},
            **self.documents,
        }  # fmt: skip
        texts = {name: json.dumps(said).encode() for name, said in documents.items() if said is not None}
        texts |= {
            f"dag/snapshots/rev{rev}.json": json.dumps(said).encode() for rev, said in self.snapshots.items()
        }
        texts["dag/artifacts.jsonl"] = _jsonl(self.lines)
        texts["dag/inputSources.jsonl"] = _jsonl(self.edits)
        for name, data in {**texts, **self.files, **self.raw}.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return self.folder


def _jsonl(lines: list[Any]) -> bytes:
    return b"".join(
        (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines
    )


@pytest.fixture
def old_in() -> Callable[[Path], Old]:
    """A clean movie of the predecessor, to be written into a folder."""

    def make(folder: Path) -> Old:
        old = Old(folder)
        old.line("movie_title", 0, content="Civil War")
        old.line("movie_summary", 0, content="How it began.")
        old.line("music_prompt", 0, content="slow strings")
        old.asset("music_asset", 0, "music/background.mp3", sound(9))
        for i in range(2):
            said = {"narration": f"Part {i} is told.", "backgroundMusic": "strings", "effect": "none"}
            old.line(f"segment_script_{i}", 0, content=said)
            old.line(f"segment_image_prompt_{i}_0", 0, content=f"a field {i}")
            old.asset(f"segment_image_asset_{i}_0", 0, f"images/seg{i}/img0.png", png(i))
            old.asset(f"narration_asset_{i}", 0, f"narration/seg{i}.mp3", sound(i))
        old.snapshot(0)
        for i in range(2):
            old.asset(f"narration_asset_{i}", 1, f"narration/seg{i}.mp3", sound(i + 4))
        old.snapshot(1)
        for rev, voice in enumerate(["deep_narrator", "bright_narrator"]):
            old.edits.append(
                {"id": "narration_config", "rev": rev, "content": {"voiceID": voice}, "hash": "sha:x",
                 "edited_by": "user", "created_at": f"2025-10-{20 + rev:02}T09:00:00Z"}
            )  # fmt: skip
        old.edits.append(
            {
                "id": "inquiry_prompt",
                "rev": 0,
                "content": "Tell of the war.",
                "hash": "sha:y",
                "edited_by": "user",
            }
        )
        old.documents["configuration.json"] = {
            "general": {"duration": "30", "language": "en", "useVideo": False}
        }
        old.documents["dag/producers.json"] = {
            "producers": [{"id": "some_producer", "provider": "replicate"}]
        }
        return old

    return make


@pytest.fixture
def old(old_in: Callable[[Path], Old], tmp_path: Path) -> Old:
    return old_in(tmp_path / "old" / "movie_civilwar_001")
