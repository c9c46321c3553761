"""The movie.yaml that a new movie begins with: everything one may set, and a line on what it does."""

from __future__ import annotations

import json

from movie_assets.core.artefact import check_movie_id
from movie_assets.core.problem import unprintable

__all__ = ["movie_template"]


def movie_template(movie_id: str, title: str, brief: str, segments: int = 6) -> str:
    """A commented movie.yaml; what no text should hold (control characters) is left out of title and brief."""
    return _TEMPLATE.format(
        movie=check_movie_id(movie_id),
        title=_quoted(" ".join(_clean(title).split()) or movie_id),
        brief=_quoted("\n".join(_clean(brief).splitlines()).strip()),
        segments=segments,
        duration=segments * 8,
        last=segments - 1,
    )


def _clean(text: str) -> str:
    return "".join(each for each in text.replace("\r\n", "\n") if not unprintable(each))


def _quoted(text: str) -> str:
    """Text between double quotes, as YAML and JSON both spell it."""
    return json.dumps(text, ensure_ascii=False)


_TEMPLATE = """\
# {movie}: what you want. Change anything, then `movies plan {movie}` says what will be made again and what it
# costs, and `movies make {movie}` makes it. Where # stands right before a word, a setting is off; to use it, remove the #,
# and the line it replaces.

title: {title}

blueprint: narrated         # narrated, or podcast: a sound file without pictures

# What the film is about: the writer works from this.
brief: {brief}

language: en                # of the script and the voice: en, de, pt-BR
segments: {segments}                 # how many pictures, each with its narration; counted from 0
duration: {duration}                # how long the whole should be, in seconds; the writer aims at it

# The picture format. 1920 × 1080 is full HD, 1080 × 1920 a phone held upright, 1080 × 1080 a square.
frame: {{width: 1280, height: 720, fps: 30}}

pause: 0.6                  # silence between two segments, in seconds
transition: crossfade       # crossfade, dip (through black) or cut
#transition: {{style: dip, seconds: 1.0}}

# Who writes. `offline` needs no key: it is there for trying things out.
script:
  provider: offline
  #source: script.md        # your own script, from a file beside this one
  #audience: curious twelve-year-olds

# Who paints. The style goes with the prompt of every picture. Who helps out if they cannot comes after them in a list,
# here as for any who: `picture: [{{provider: openai, style: woodcut}}, {{provider: offline}}]`.
picture:
  provider: offline
  style: painterly, soft morning light

# Who speaks. Without a voice it is the provider's usual one for the language.
narration:
  provider: offline
  #voice: en-gb
  speed: 1.0                # 0.5 to 2

# still: the camera moves over the picture. animated: a provider brings it to life.
motion: still
#motion: {{kind: still, move: push-in}}     # or pull-out, pan-left, pan-right, pan-up, pan-down, drift, still
#motion: {{kind: animated, seconds: 6}}

# The score, or `music: none`. Without a mood the script's own is taken.
music:
  provider: offline
  #mood: wonder
  volume: 0.3               # 0 to 1
  #file: my-own.mp3

# What is heard behind the voice: surf, wind, rain, birds, a forest, a city. Or `ambience: none`.
#ambience: {{prompt: surf on black rocks, volume: 0.2}}

# karaoke lights up each word as it is spoken; also plain, or `captions: none`. burn puts them into the picture.
captions: {{style: karaoke, burn: true}}
#captions: {{style: karaoke, size: large, position: middle, case: upper, words: 3, highlight: yellow}}   # for phones
#captions: {{style: plain, background: box}}

# For those who cannot see: a second film, film.described.mp4, in which a voice says what each picture shows, and the narration
# waits for it. Without a voice it is the narrator's; another one is easier to tell apart.
#descriptions: spoken
#descriptions: {{voice: en-us, speed: 1.2}}

# What is written before and after the film; music plays under both. Without a text the title card shows the title.
#title_card: {{subtitle: "A voyage in pictures", seconds: 3}}
#end_card: {{text: The End, credits: ["Words by Ann Example"], providers: true, seconds: 4}}

# What is different in single segments, by their numbers (0 to {last}).
#overrides:
#  0:
#    picture: {{prompt: "a small ship far out at sea at dawn"}}
#    narration: {{text: "It began with a storm."}}
#    motion: animated
#  {last}:
#    picture: {{file: my-own.png, alt: "Two finches on a branch."}}   # your own picture, and what it shows
#    transition: cut

# Another result of a prompt you did not change: 2 is the second one asked for.
#takes: {{"picture[0]": 2}}

# What stays as it is, whatever else changes.
#pins: ["picture[0]"]

# Your own files in the place of anything that is made; `movies show {movie}` lists the names.
#replace: {{"clip[0]": my-own.mp4, script: mine.json, music: score.wav}}

# The most that may ever be spent on this movie, in USD; for one run: movies make {movie} --budget 0.50
#budget_usd: 2.00
"""
