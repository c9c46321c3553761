"""What a file holds: video, sound, pictures, and what is refused."""

from __future__ import annotations

import struct
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from movie_assets.core.errors import Refused
from movie_assets.core.ports import Workspace
from resources.ffmpeg import ffmpeg
from resources.probe import Colours, decode_sound, picture_size, probe, sound_blocks

TONE = ["-f", "lavfi", "-i", "sine=frequency=440:duration=1.5:sample_rate=44100"]
CARD = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=24:duration=2"]
BT709 = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film with sound, and the tone in several formats."""
    folder = tmp_path_factory.mktemp("media")
    at = Workspace(folder)
    frames = [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
        "-vf",
        "setparams=color_primaries=bt709:color_trc=bt709",
    ]
    ffmpeg([*CARD, *TONE, *frames, *BT709, "-c:a", "aac", "film.mp4"], at)
    for name in ("tone.wav", "tone.mp3", "tone.m4a", "tone.flac", "tone.ogg"):
        ffmpeg([*TONE, name], at)
    return folder


# --- video and sound --------------------------------------------------------------------------------------------


def test_a_video_is_described(folder: Path) -> None:
    """Size, rate, frames (counted, not believed), coding and colours."""
    media = probe(folder / "film.mp4")
    video = media.video
    assert video is not None
    assert (video.width, video.height, video.fps, video.frames) == (160, 90, Fraction(24), 48)
    assert (video.codec, video.pix_fmt) == ("h264", "yuv420p")
    assert video.colours == Colours(primaries=1, transfer=1, matrix=1, range=1)
    assert video.extradata[:1] == b"\x01"
    assert media.seconds == pytest.approx(2.0)


def test_the_sound_of_a_video_is_described(folder: Path) -> None:
    """Its own length, codec, rate and channels."""
    sound = probe(folder / "film.mp4").sound
    assert sound is not None
    assert (sound.codec, sound.rate, sound.channels) == ("aac", 44_100, 1)
    assert sound.seconds == pytest.approx(1.5, abs=0.001)


@pytest.mark.parametrize("name", ["tone.wav", "tone.mp3", "tone.m4a", "tone.flac", "tone.ogg"])
def test_sound_of_any_usual_format_is_read(name: str, folder: Path) -> None:
    """Length and samples agree, and the tone is there."""
    media = probe(folder / name)
    samples, rate = decode_sound(folder / name)
    assert media.video is None
    assert media.seconds == pytest.approx(1.5, abs=0.03)
    assert (samples.dtype, samples.shape[1], rate) == (np.float32, 1, 44_100)
    assert len(samples) / rate == pytest.approx(1.5, abs=0.03)
    assert int(np.argmax(np.abs(np.fft.rfft(samples[:44_100, 0])))) == pytest.approx(440, abs=1)


def test_sound_is_read_resampled_in_blocks(folder: Path) -> None:
    """A long file need not be in memory at once."""
    blocks = list(sound_blocks(folder / "tone.wav", rate=48_000, layout="stereo"))
    assert len(blocks) > 10
    assert np.concatenate(blocks).shape == (72_000, 2)


def test_the_cover_of_a_song_is_no_video(folder: Path) -> None:
    """A picture attached to an MP3 does not make it a film."""
    Image.new("RGB", (64, 64), "red").save(folder / "cover.png")
    ffmpeg(
        ["-i", "tone.mp3", "-i", "cover.png", "-map", "0", "-map", "1", "-c", "copy", "song.mp3"],
        Workspace(folder),
    )
    media = probe(folder / "song.mp3")
    assert media.video is None
    assert media.sound is not None


def test_a_file_cut_short_is_as_long_as_what_is_left(tmp_path: Path, folder: Path) -> None:
    """The header's length is not believed."""
    short = tmp_path / "short.wav"
    short.write_bytes((folder / "tone.wav").read_bytes()[:44_178])
    assert probe(short).seconds == pytest.approx(0.5, abs=0.001)


def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path, folder: Path) -> None:
    """Text, nothing, a folder, half a film: the error names the file and what is accepted."""
    (tmp_path / "text.mp4").write_text("this is no film\n" * 100)
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "half.mp4").write_bytes((folder / "film.mp4").read_bytes()[:9_000])
    for name in ("text.mp4", "empty.mp4", "folder.mp4", "half.mp4", "missing.mp4"):
        for read in (probe, decode_sound):
            with pytest.raises(Refused, match=rf"{name} cannot be read[^\n]*\n.*mp4.*wav"):
                read(tmp_path / name)


def test_a_playlist_is_not_followed(tmp_path: Path, folder: Path) -> None:
    """A file that only points to other files could point anywhere."""
    (tmp_path / "list.m3u8").write_text(f"#EXTM3U\n#EXTINF:1.5,\n{folder / 'tone.mp3'}\n")
    (tmp_path / "list.ffconcat").write_text(f"ffconcat version 1.0\nfile {folder / 'tone.mp3'}\n")
    for name in ("list.m3u8", "list.ffconcat"):
        with pytest.raises(Refused):
            probe(tmp_path / name)


def test_a_film_without_sound_has_no_sound_to_decode(tmp_path: Path) -> None:
    """It is refused where sound is wanted, not answered with nothing."""
    ffmpeg([*CARD, "-c:v", "libx264", "-preset", "ultrafast", "silent.mp4"], Workspace(tmp_path))
    assert probe(tmp_path / "silent.mp4").sound is None
    with pytest.raises(Refused, match="no sound"):
        decode_sound(tmp_path / "silent.mp4")


# --- pictures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_the_size_of_a_picture(name: str, tmp_path: Path) -> None:
    """Width, then height."""
    Image.new("RGB", (40, 30), "teal").save(tmp_path / name)
    assert picture_size(tmp_path / name) == (40, 30)


def test_a_turned_photograph_has_the_size_it_is_seen_in(tmp_path: Path) -> None:
    """A camera held upright notes the turn in EXIF."""
    photo = Image.new("RGB", (40, 30))
    exif = photo.getexif()
    exif[0x0112] = 6
    photo.save(tmp_path / "upright.jpg", exif=exif)
    assert picture_size(tmp_path / "upright.jpg") == (30, 40)


def test_a_picture_cut_short_is_refused(tmp_path: Path) -> None:
    """It is read to its end, not just its head."""
    Image.effect_noise((200, 200), 90).save(tmp_path / "whole.png")
    (tmp_path / "half.png").write_bytes((tmp_path / "whole.png").read_bytes()[:9_000])
    with pytest.raises(Refused, match=r"half\.png cannot be read as a picture"):
        picture_size(tmp_path / "half.png")


def test_a_decompression_bomb_is_refused_before_it_bursts(tmp_path: Path) -> None:
    """A few bytes that claim to be a gigapixel are not unpacked."""
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(head)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    (tmp_path / "bomb.png").write_bytes(
        png + struct.pack(">I", 10) + b"IDAT" + zlib.compress(b"\0" * 99)[:10]
    )
    with pytest.raises(Refused, match="100 million pixels"):
        picture_size(tmp_path / "bomb.png")


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    """Other formats, text and missing files, with what is accepted."""
    Image.new("RGB", (4, 4)).save(tmp_path / "a.gif")
    (tmp_path / "a.png").write_text("no")
    for name in ("a.gif", "a.png", "missing.png"):
        with pytest.raises(Refused, match=rf"{name} cannot be read[^\n]*\n.*PNG, JPEG or WebP"):
            picture_size(tmp_path / name)
