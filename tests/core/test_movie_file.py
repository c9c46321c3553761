"""What movie.yaml may say, and what a person is told when it says something else."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from movie_assets.core.artefact import Name
from movie_assets.core.errors import Refused
from movie_assets.core.movie_file import MovieFile, read_movie

SECTIONS = ("script", "picture", "narration", "motion", "music")
PROVIDERS = {section: frozenset({"offline", "other"}) for section in SECTIONS}


def read(text: bytes | str, movie: str = "galapagos") -> MovieFile:
    return read_movie(movie, text, "movie.yaml", blueprints={"narrated", "podcast"}, providers=PROVIDERS)


def refused(text: bytes | str) -> str:
    with pytest.raises(Refused) as caught:
        read(text)
    return caught.value.fact


# --- what is allowed ---


def test_a_title_is_enough() -> None:
    """Everything but the title has a default; the target duration is eight seconds a segment."""
    movie = read("title: Tea\nsegments: 5")
    assert (movie.title, movie.blueprint, movie.language, movie.duration) == ("Tea", "narrated", "en", 40.0)
    assert (movie.frame.width, movie.frame.height, movie.frame.fps, movie.pause) == (1280, 720, 30, 0.6)
    assert (movie.picture.provider, movie.motion.kind, movie.captions.style) == (
        "offline",
        "still",
        "karaoke",
    )


def test_a_whole_file_is_read() -> None:
    """Every section keeps what was written in it."""
    movie = read(
        """
        title: "Tea: a story"
        blueprint: podcast
        brief: |
          Over the mountains.
          On horses.
        language: pt-BR
        segments: 4
        duration: 33.5
        budget_usd: 2
        frame: {width: 1080, height: 1920, fps: 24}
        pause: 0
        transition: {style: dip, seconds: 1}
        script: {provider: other, model: m-1, source: script.md, audience: children, settings: {seed: 7}}
        picture: {style: woodcut, quality: high, size: 1536x864}
        narration: {voice: en-gb, speed: 1}
        motion: {kind: animated, provider: other, seconds: 5, prompt: waves}
        music: none
        captions: plain
        overrides:
          3: {picture: {prompt: a finch}, narration: {text: Listen., file: mine.wav}, motion: still, transition: cut}
        takes: {"picture[2]": 2, film: 3}
        pins: ["picture[3]", music]
        """
    )
    assert movie.brief == "Over the mountains.\nOn horses."
    assert movie.script.settings == {"seed": 7}
    assert movie.music is None
    assert movie.captions.style == "plain"
    assert movie.overrides[3].picture.prompt == "a finch"
    assert movie.overrides[3].motion.model_fields_set == {"kind"}
    assert movie.takes == {Name("picture", 2): 2, Name("film"): 3}
    assert movie.pins == {Name("picture", 3), Name("music")}
    assert movie.id == "galapagos"


@pytest.mark.parametrize("size", [(3840, 2160), (2160, 3840), (1080, 1080), (16, 4096)])
def test_frames_of_any_shape(size: tuple[int, int]) -> None:
    """Landscape, portrait and square pictures, up to 4096 pixels a side."""
    frame = read(f"title: x\nframe: {{width: {size[0]}, height: {size[1]}}}").frame
    assert (frame.width, frame.height) == size


@pytest.mark.parametrize("language", ["no", "en", "de", "on", "yue", "zh-Hant-TW"])
def test_a_language_is_text_even_where_older_yaml_reads_a_truth_value(language: str) -> None:
    """`no` is Norwegian."""
    assert read(f"title: x\nlanguage: {language}").language == language


def test_an_empty_section_means_its_defaults() -> None:
    """A section whose every line is commented out is as good as none."""
    assert read("title: x\npicture:\n  # style: ink\nmusic:\noverrides:\n") == read("title: x")


def test_an_anchor_may_be_used_again() -> None:
    """YAML's own way of saying a thing once works, as long as it stays small."""
    movie = read("title: x\noverrides:\n  1: &dusk {picture: {prompt: dusk}}\n  2: *dusk")
    assert movie.overrides[1] == movie.overrides[2]


def test_where_a_field_was_written_takes_no_part_in_equality() -> None:
    """Comments and line breaks do not make another movie."""
    assert read("title: x\nsegments: 3") == read("# hello\n\nsegments:   3\ntitle: 'x'\n")
    assert read("title: x\nsegments: 3") != read("title: x\nsegments: 4")


# --- what is wrong, and where ---

MISTAKES = {
    "segments: six": 'segments: must be a whole number from 1 to 1000, not "six"',
    "segments: true": "segments: must be a whole number from 1 to 1000, not true",
    "segments: 6.5": "segments: must be a whole number from 1 to 1000, not 6.5",
    "segments: 1001": "segments: must be a whole number from 1 to 1000, not 1001",
    "segments: 010": 'segments: must be a whole number from 1 to 1000, not "010"',
    "duration: 1:30": 'duration: must be a number of seconds from 1 to 36000, not "1:30"',
    "duration: .nan": 'duration: must be a number of seconds from 1 to 36000, not ".nan"',
    "duration: 1e99": "duration: must be a number of seconds from 1 to 36000, not 1e+99",
    "brief: 12": "brief: must be text, not 12; put it in quotes",
    "brief: [a]": "brief: must be text of at most 20000 characters, not a list",
    "blueprint: narated": 'blueprint: must be narrated or podcast, not "narated"; did you mean narrated?',
    "language: english language": 'language: must be a language such as en or pt-BR, not "english language"',
    "frame: {width: 1281}": "frame.width: must be an even number from 16 to 4096, not 1281",
    "frame: {fps: 61}": "frame.fps: must be a whole number from 1 to 60, not 61",
    "frame: 720p": 'frame: must be a mapping such as {width: 1280, height: 720, fps: 30}, not "720p"',
    "pause: -1": "pause: must be a number of seconds from 0 to 10, not -1",
    "transition: wipe": 'transition.style: must be crossfade, dip or cut, not "wipe"',
    "script: {provider: oter}": 'script.provider: must be offline or other, not "oter"; did you mean other?',
    "script: {settings: {seed: [1]}}": (
        "script.settings.seed: must be text, a number, true, false or null, not a list"
    ),
    "picture: {promt: x}": "picture.promt: is unknown; allowed are provider, model, style, size, quality, references, template, settings",
    "picture: {stile: x}": "picture.stile: is unknown; did you mean style?; allowed are",
    "picture: {prompt: x}": "picture.prompt: is for one segment only; write it under overrides",
    "narration: {speed: fast}": 'narration.speed: must be a number from 0.5 to 2, not "fast"',
    "narration: {voice: ''}": 'narration.voice: must be one line of at most 200 characters, not ""',
    "frame: [still]": "frame: must be a mapping such as",
    "motion: {move: push}": "motion.move: must be push-in, pull-out, pan-left",
    "music: loud": 'music: must be none or a mapping such as {mood: wonder}, not "loud"',
    "captions: {burn: yes}": 'captions.burn: must be true or false, not "yes"',
    "budget_usd: -1": "budget_usd: must be an amount in USD, not -1",
    "overrides: {6: {}}": "overrides.6: there is no segment 6: with segments: 6 the last one is 5",
    "overrides: {x: {}}": 'overrides.x: must be the number of a segment, counted from 0, not "x"',
    "overrides: {2: 5}": "overrides.2: must be a mapping such as {picture: {prompt: a finch on a cactus}}, not 5",
    "overrides: {2: {picture: {promt: x}}}": "overrides.2.picture.promt: is unknown; did you mean prompt?",
    "overrides: {2: {narration: {text: ''}}}": "overrides.2.narration.text: must be text of 1 to 20000 characters",
    'takes: {"picture[6]": 2}': "takes.picture[6]: there is no segment 6",
    'takes: {"picture[2]": 0}': "takes.picture[2]: must be a whole number from 1 to 999, not 0",
    "takes: {Picture: 2}": 'takes.Picture: must be an artefact such as "picture[2]", not "Picture"',
    "pins: picture": 'pins: must be a list such as ["picture[2]"], not "picture"',
    'pins: ["picture[9]"]': "pins.0: there is no segment 9",
    "titel: x": "titel: is unknown; did you mean title?; allowed are title, blueprint, brief",
    "brief: !!str x": "brief: YAML tags such as",
    'brief: "a\\0b"': "brief: holds an unprintable character",
    "? [a, b]\n: c": "the name of a field must be plain text",
}


BESIDE_EACH_OTHER = sorted(mistake for mistake in MISTAKES if not mistake.startswith("segments"))


@given(
    st.lists(
        st.sampled_from(BESIDE_EACH_OTHER), min_size=1, max_size=8, unique_by=lambda it: it.split(":")[0]
    )
)
def test_every_problem_is_told_with_its_line(mistakes: list[str]) -> None:
    """However many fields are wrong, each is named once, at its line, with what is allowed."""
    lines = ["title: x"]
    expected = []
    for mistake in mistakes:
        expected.append(f"movie.yaml:{len(lines) + 1}: {MISTAKES[mistake]}")
        lines += mistake.split("\n")
    told = [line.strip() for line in refused("\n".join(lines)).splitlines()]
    if len(mistakes) > 1:
        assert told.pop(0) == f"{len(mistakes)} problems in movie.yaml"
    assert len(told) == len(expected)
    assert all(line.startswith(sentence) for line, sentence in zip(told, expected, strict=True))


def test_an_empty_title_is_a_missing_one() -> None:
    """What is required must be said, not only named."""
    assert refused("brief: x\ntitle:").startswith("movie.yaml:2: title: is missing")


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_each_mistake_has_its_sentence(mistake: str) -> None:
    """A sentence says what is wrong and what would be right."""
    assert refused(f"title: x\n{mistake}").startswith(f"movie.yaml:2: {MISTAKES[mistake]}")


def test_a_missing_title_is_told() -> None:
    """What is required and not there has the first line."""
    assert refused("brief: x") == "movie.yaml:1: title: is missing; write one line of at most 200 characters"


def test_a_field_written_twice_names_both_lines() -> None:
    """Neither of the two is silently taken, at any depth."""
    assert refused("title: x\nbrief: a\ntitle: y") == "movie.yaml:3: title: is written twice, first in line 1"
    twice = "title: x\noverrides:\n  1:\n    motion: still\n  1:\n    motion: animated"
    assert refused(twice) == "movie.yaml:5: overrides.1: is written twice, first in line 3"


def test_the_next_step_is_a_command() -> None:
    """An error says which file to correct and what to type then."""
    with pytest.raises(Refused) as caught:
        read("brief: x")
    assert caught.value.next_step == "correct movie.yaml, then: movies check galapagos"


def test_segments_named_are_judged_by_the_number_of_segments_written() -> None:
    """With three segments there is no segment 3."""
    fact = refused(
        'title: x\nsegments: 3\noverrides: {3: {}}\ntakes: {"picture[3]": 2}\npins: ["picture[2]"]'
    )
    assert re.findall(r"yaml:(\d+): (\S+):", fact) == [("3", "overrides.3"), ("4", "takes.picture[3]")]


def test_many_problems_are_counted_not_all_shown() -> None:
    """Nobody reads a thousand lines."""
    fact = refused("title: x\n" + "\n".join(f"field{n}: 1" for n in range(1000)))
    assert fact.startswith("1000 problems in movie.yaml")
    assert fact.endswith("… and 950 more")
    assert len(fact.splitlines()) == 52


def test_a_file_that_turns_out_wrong_is_told_with_its_line() -> None:
    """Who looks at a field later can refuse it by its path, with the line on which it stands."""
    movie = read("title: x\n\noverrides:\n  2:\n    picture: {file: a.png}")
    error = movie.refusal(
        [(("overrides", 2, "picture", "file"), "a.png does not exist"), (("music",), "is loud")]
    )
    assert error.fact.splitlines() == [
        "2 problems in movie.yaml",
        "  movie.yaml:1: music: is loud",
        "  movie.yaml:5: overrides.2.picture.file: a.png does not exist",
    ]


def test_a_bad_movie_id_is_refused() -> None:
    """No id that could leave the store's root is let in."""
    with pytest.raises(Refused, match="not a movie id"):
        read("title: x", movie="../etc")


# --- what is no movie file at all ---


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "movie.yaml:1: the file is empty; write at least a title:"),
        ("# only a comment\n", "movie.yaml:1: the file is empty"),
        ("- title", "movie.yaml:1: must be a mapping of fields such as title and brief, not a list"),
        (
            "\n\njust words",
            'movie.yaml:3: must be a mapping of fields such as title and brief, not "just words"',
        ),
        ("title: x\nframe:\n\twidth: 16", "movie.yaml:3: a tab cannot indent; use spaces"),
        ("title: Darwin: a film", "movie.yaml:1: not valid YAML: mapping values are not allowed"),
        (
            "title: x\noverrides:\n  0: {motion: animated}\n  # a remark\n   3:\n     motion: still",
            "movie.yaml:5: not valid YAML: 3 spaces here, 2 in line 3; what belongs together begins",
        ),
        (
            "title: x\n segments: 3",
            "movie.yaml:2: not valid YAML: 1 space here, none in line 1; what belongs",
        ),
        ("title: x\npins: [picture[2]]", "movie.yaml:2: not valid YAML: "),
        ('title: "x', "movie.yaml:1: not valid YAML: "),
        ("title: x\n---\ntitle: y", "movie.yaml:2: a second document begins here"),
        ("title: x\nbrief: *later", "movie.yaml:2: *later refers to nothing written before it"),
        ("title: x\nbrief: &a [*a]", "movie.yaml:2: *a refers to nothing written before it"),
        ("title: x\nbrief: a\x07b", "movie.yaml:2: holds the unprintable character U+0007; delete it"),
        (b"title: x\nbrief: \xff", "movie.yaml:2: the file is not UTF-8 text"),
        ("title: x".encode("utf-16"), "movie.yaml:1: the file is not UTF-8 text"),
        ("title: x\ud800", "movie.yaml:1: the file is not UTF-8 text"),
        ("title: x\nbrief: " + "[" * 100_000, "movie.yaml:2: nested more than 16 deep"),
        ("title: x\n#" + "a" * 1_048_576, "movie.yaml:1: the file is larger than 1048576 bytes"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_sentence(text: bytes | str, told: str) -> None:
    """Every kind of broken file has a line and a sentence."""
    assert refused(text).startswith(told)


def test_names_that_need_quotes_are_hinted_at() -> None:
    """`[picture[2]]` is no YAML list; the hint says how to write it."""
    assert refused("title: x\npins: [picture[2]]").endswith('put names such as "picture[2]" in quotes')
    assert refused("title: x\ntakes: {picture[2]: 2}").endswith('put names such as "picture[2]" in quotes')


def test_a_bomb_of_aliases_is_refused() -> None:
    """Nine lists of nine lists of … are counted in full, and not unfolded."""
    layers = ["a: &a0 [x, x, x, x, x, x, x, x, x]"]
    layers += [f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "holds more than 200000 values" in refused("title: x\n" + "\n".join(layers))


def test_a_byte_order_mark_and_foreign_line_ends_are_no_problem() -> None:
    """Files from other systems are read, with the right lines."""
    assert read(b"\xef\xbb\xbftitle: x\r\nsegments: 3\r\n").segments == 3
    assert refused("title: x\r\nsegments: 0\r\n").startswith("movie.yaml:2: segments: must be")


# --- for any text at all ---

WHOLE = """title: "Tea"
segments: 4
picture: {style: ink, settings: {seed: 1}}
motion: still
overrides:
  1: &a {picture: {prompt: dusk}, motion: {kind: animated}}
  2: *a
takes: {"picture[2]": 2}
pins:
  - "picture[3]"
"""


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
@example("? ")
@example("%YAML 9.9\n---\na: b")
def test_any_bytes_are_a_movie_or_refused(text: bytes | str) -> None:
    """Nothing a file can hold raises anything but `Refused`."""
    try:
        read(text)
    except Refused as error:
        assert re.match(r"(\d+ problems in )?movie\.yaml", error.fact)


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(WHOLE)),
            st.integers(0, 4),
            st.text("[]{}:,&*!|>'\"%@`#?- \n\t01ax~é", max_size=3),
        ),
        max_size=4,
    )
)
def test_any_slip_of_the_keyboard_is_a_movie_or_refused(slips: list[tuple[int, int, str]]) -> None:
    """A good file with some characters lost or added is read or refused with a line."""
    text = WHOLE
    for at, lost, added in slips:
        text = text[:at] + added + text[at + lost :]
    try:
        read(text)
    except Refused as error:
        assert re.search(r"movie\.yaml:\d+: ", error.fact)


@given(
    title=st.from_regex(r"\w[^\n\x85\u2028\u2029]{0,50}", fullmatch=True),
    segments=st.integers(1, 1000),
    pause=st.floats(0, 10),
)
def test_what_is_written_is_what_is_read(title: str, segments: int, pause: float) -> None:
    """Any text and number within bounds survives YAML."""
    text = yaml.safe_dump({"title": title, "segments": segments, "pause": pause}, allow_unicode=True)
    try:
        movie = read(text)
    except Refused as error:
        assert "unprintable" in error.fact
    else:
        assert (movie.title, movie.segments, movie.pause) == (title.strip(), segments, pause)


def test_without_the_c_library_the_same_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML without libyaml reads the same file, and refuses the same depth and the same tab."""
    with_c = read(WHOLE)
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert read(WHOLE) == with_c
    assert "nested more than 16 deep" in refused("title: x\nbrief: " + "[" * 5000)
    assert "a tab cannot indent" in refused("title: x\nframe:\n\twidth: 16")
