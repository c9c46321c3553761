"""The soundtrack: voices over music at one loudness, encoded once for the whole film."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from movie_assets.core.errors import Failed
from movie_assets.core.ports import Encoded, SoundtrackRequest, Workspace
from resources import mix, worker
from resources.ffmpeg import ffmpeg

__all__ = ["Loudness", "measure_loudness", "rough_soundtrack", "soundtrack"]

_TARGET = -16.0
_PEAK = -1.5
_HEADROOM = 1.0  # encoding and the steps between samples raise peaks
_CLOSE_ENOUGH = 0.3
_TRIES = 4
_SILENCE = -60.0
_FLOOR = -70.0
_RAW = ["-f", "f32le", "-ar", str(mix.RATE), "-ac", "2"]


@dataclass(frozen=True, slots=True)
class Loudness:
    """Integrated loudness in LUFS and true peak in dBTP, after EBU R128; -70 stands for silence."""

    integrated: float
    true_peak: float


def soundtrack(request: SoundtrackRequest, at: Workspace) -> Encoded:
    """Mixes, brings to -16 LUFS below -1.5 dBTP, and encodes AAC 48 kHz stereo of exactly the film's length."""
    mixed, file, samples = _mixed(request, at)
    loudness = _encode_at_target(mixed, file, samples, at)
    mixed.unlink()
    notes = {"seconds": samples / mix.RATE, "loudness": loudness.integrated, "truePeak": loudness.true_peak}
    return Encoded(file, "audio/mp4", notes)


def rough_soundtrack(request: SoundtrackRequest, at: Workspace) -> Encoded:
    """The same mix, encoded once at about the right loudness: several times as fast."""
    mixed, file, samples = _mixed(request, at)
    _encode(mixed, file, samples, _TARGET - mix.VOICES, _PEAK - _HEADROOM, at)
    mixed.unlink()
    return Encoded(file, "audio/mp4", {"seconds": samples / mix.RATE})


def _mixed(request: SoundtrackRequest, at: Workspace) -> tuple[Path, Path, int]:
    """The mix, where the soundtrack is to be written, and how many samples it has."""
    scratch = at.scratch.absolute()
    mixed, samples = scratch / "mix.f32", round(request.seconds * mix.RATE)
    order = {
        "voices": [(str(voice.sound.absolute()), voice.start, voice.duration) for voice in request.voices],
        "music": None if request.music is None else str(request.music.absolute()),
        "music_volume": request.music_volume,
        "ambiences": [(str(each.sound.absolute()), each.start, each.end) for each in request.ambiences],
        "ambience_volume": request.ambience_volume,
        "videos": [
            (str(each.video.absolute()), each.start, each.end, each.volume) for each in request.videos
        ],
        "samples": samples,
        "file": str(mixed),
    }
    worker.call("resources.mix", order, at, timeout=3600)
    return mixed, scratch / "soundtrack.m4a", samples


def measure_loudness(file: Path, at: Workspace, raw: bool = False) -> Loudness:
    """Measures a sound file; `raw` for interleaved stereo float32 at 48 kHz."""
    source = [*(_RAW if raw else []), "-i", str(file.absolute())]
    log = ffmpeg(
        [*source, "-map", "0:a", "-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"],
        at,
        timeout=3600,
    )
    integrated = re.findall(r"\bI:\s+(\S+) LUFS", log)
    peak = re.findall(r"\bPeak:\s+(\S+) dBFS", log)
    if not integrated or not peak:
        raise Failed(
            "ffmpeg told no loudness", file=file.name, next_step="use an ffmpeg with the filter ebur128"
        )
    return Loudness(max(float(integrated[-1]), _FLOOR), max(float(peak[-1]), _FLOOR))


def _encode_at_target(mixed: Path, file: Path, samples: int, at: Workspace) -> Loudness:
    """Encodes from the mix until the result measures right: a limiter takes loudness that only shows afterwards."""
    raw = measure_loudness(mixed, at, raw=True)
    gain = _TARGET - raw.integrated if raw.integrated > _SILENCE else 0.0
    limit = _PEAK - _HEADROOM
    for _ in range(_TRIES):
        _encode(mixed, file, samples, gain, limit, at)
        found = measure_loudness(file, at)
        missing = _TARGET - found.integrated
        if found.integrated <= _SILENCE or (abs(missing) <= _CLOSE_ENOUGH and found.true_peak <= _PEAK):
            break
        gain += missing
        limit -= max(0.0, found.true_peak - _PEAK)
    return found


def _encode(mixed: Path, file: Path, samples: int, gain: float, limit: float, at: Workspace) -> None:
    chain = [
        f"volume={gain:.2f}dB:precision=float",
        "aresample=192000",  # so that the limiter sees the peaks between samples
        f"alimiter=limit={10 ** (limit / 20):.6f}:attack=5:release=80:level=false:latency=true",
        f"aresample={mix.RATE}",
        f"apad=whole_len={samples}",
        f"atrim=end_sample={samples}",
    ]
    sound = ["-filter_threads", "1", "-af", ",".join(chain), "-c:a", "aac", "-b:a", "192k", "-threads", "1"]
    plain = [
        "-map_metadata",
        "-1",
        "-fflags",
        "+bitexact",
        "-flags:a",
        "+bitexact",
        "-movflags",
        "+faststart",
    ]
    ffmpeg([*_RAW, "-i", str(mixed), *sound, *plain, str(file)], at, timeout=3600)
