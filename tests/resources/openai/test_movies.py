"""A movie whose providers are OpenAI: templates and reference pictures in its inputs, and errors that name what failed."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.errors import Failed, Refused, Transient
from movie_assets.core.script import Script
from resources.rehearsal.openai_server import Fault, OpenAIServer, Reply, status
from resources.studio import Studio

MOVIE = """\
title: The tea road
brief: Tea came over the mountains on horses.
segments: 3
duration: 30
"""
ASKED = "script: {provider: openai}\npicture: {provider: openai, quality: low}\n"

Open = Callable[..., Studio]


@pytest.fixture
def studio(tmp_path: Path, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> Open:
    """A project with one movie, `tea`, whose openai is the rehearsal server."""
    monkeypatch.setenv("OPENAI_API_KEY", str(server.key))
    (tmp_path / "providers.yaml").write_text(
        f"openai: {{base_url: '{server.url}', attempts: 2, pause: 0.01}}\n"
    )
    folder = tmp_path / "movies" / "tea"
    folder.mkdir(parents=True)

    def opened(yaml: str = ASKED, **files: str | bytes) -> Studio:
        (folder / "movie.yaml").write_text(MOVIE + yaml)
        for name, content in files.items():
            body = content.encode() if isinstance(content, str) else content
            (folder / name.replace("_", ".")).write_bytes(body)
        return Studio(tmp_path)

    return opened


def digests(studio: Studio) -> dict[str, str]:
    return {str(name): given.digest for name, given in studio.open("tea").inputs.items()}


def changed(before: Studio, other: dict[str, str]) -> set[str]:
    mine = digests(before)
    return {name for name in mine.keys() | other.keys() if mine.get(name) != other.get(name)}


def made(studio: Studio, *targets: str) -> dict[str, BlobRef]:
    """Makes some artefacts; raises what went wrong."""
    production = studio.open("tea").produce([Name.parse(each) for each in targets])
    production.begin()
    outputs = [outcome.outputs or {} for outcome in production.outcomes()]
    if error := production.error():
        raise error
    return {str(name): ref for found in outputs for name, ref in found.items()}


def png(colour: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(stream, "PNG")
    return stream.getvalue()


def test_a_part_of_a_narration_is_paid_for_once_over_two_runs(studio: Open, server: OpenAIServer) -> None:
    """What the first run bought before it failed is noted in the store until the narration is recorded."""
    text = " ".join(f"On day {number} the tea came over a mountain, and it rained." for number in range(100))
    opened = studio(
        f"script: {{source: s.md}}\nnarration: {{provider: openai}}\noverrides: {{0: {{narration: {{text: '{text}'}}}}}}\n",
        s_md="# T" + 3 * "\n\n## A\n\nB.",
    )
    server.misbehave("audio/speech", Fault(), status(500), status(500))
    with pytest.raises(Transient):
        made(opened, "narration[0]")
    made(Studio(opened.project), "narration[0]")
    sent = [body["input"] for path, body in server.bodies if path == "audio/speech"]
    assert len(sent) == 4 and sent[1] == sent[2] == sent[3] and f"{sent[0]} {sent[3]}" == text
    assert not list(opened.store("tea").driver.list(opened.store("tea").keys.all_pending))


# --- templates ---


def test_the_standard_templates_are_part_of_the_inputs(studio: Open) -> None:
    """By the digest of their text, so that a better prompt in a later version makes things anew."""
    inputs = studio().open("tea").inputs
    for name in ("script", "picture[0]"):
        assert inputs[Name.parse(name)].payload["template"]["mediaType"] == "text/markdown"


def test_without_a_provider_that_uses_them_nothing_changes(studio: Open) -> None:
    """Offline providers and a person's own script keep the digests they had before there were templates."""
    inputs = (
        studio("script: {provider: openai, source: s.md}\n", s_md="# T" + 3 * "\n\n## A\n\nB.")
        .open("tea")
        .inputs
    )
    assert inputs[Name.parse("script")].payload.keys() == {"provider", "source", "settings"}
    assert inputs[Name.parse("picture[1]")].payload == {"provider": "offline", "settings": {}}


def test_a_movies_own_template_replaces_the_standard_one(studio: Open, server: OpenAIServer) -> None:
    """Its text is sent, and editing it makes the script anew and nothing that does not read it."""
    yaml = "script: {provider: openai, template: mine.md}\n"
    text = "exactly {segments} segments about {length}, for {audience}, like a {simile}"
    with pytest.raises(Refused, match=r"mine\.md:1: \{simile\} is not known; use \{language\}, \{segments\}"):
        studio(yaml, mine_md=text).open("tea")
    before = digests(studio(yaml, mine_md=text.replace("{simile}", '{"a": 1}')))
    assert changed(studio(mine_md=text.replace("{simile}", "poem")), before) >= {"script"}
    assert changed(studio(yaml), before) == {"script"}
    made(studio(yaml), "script")
    assert (
        server.bodies[0][1]["instructions"] == "exactly 3 segments about 70 words, for everyone, like a poem"
    )


def test_a_segment_may_have_a_template_of_its_own(studio: Open, server: OpenAIServer) -> None:
    """And only its picture is made anew."""
    before = digests(studio())
    own = studio(
        ASKED + "overrides: {1: {picture: {template: close.md}}}\n", close_md="{prompt}, from close by"
    )
    assert changed(own, before) == {"picture[1]"}
    made(own, "picture[1]")
    assert server.bodies[-1][1]["prompt"].endswith(", from close by")


def test_a_pictures_template_must_hold_the_prompt(studio: Open) -> None:
    """Else every picture would be the same."""
    with pytest.raises(Refused, match=r"mine\.md:1: \{prompt\} is nowhere in it"):
        studio("picture: {provider: openai, template: mine.md}\n", mine_md="A finch.").open("tea")


@pytest.mark.parametrize(
    ("yaml", "line", "field"),
    [
        ("script: {template: mine.md}\n", 5, "script.template"),
        ("picture: {template: mine.md}\n", 5, "picture.template"),
        ("picture: {references: [a.png]}\n", 5, "picture.references"),
        ("overrides:\n  1: {picture: {references: [a.png]}}\n", 6, "overrides.1.picture.references"),
        (
            "picture: [{provider: openai}, {provider: offline, references: [a.png]}]\n",
            5,
            "picture.1.references",
        ),
    ],
)
def test_what_the_offline_providers_would_not_look_at_is_refused(
    yaml: str, line: int, field: str, studio: Open
) -> None:
    """With its line, rather than silently left aside."""
    with pytest.raises(Refused, match=rf"movie\.yaml:{line}: {field}: offline"):
        studio(yaml, mine_md="{prompt}", a_png=png("red")).open("tea")


# --- reference pictures ---


def test_references_reach_the_painter(studio: Open, server: OpenAIServer) -> None:
    """As files of the movie's folder, in all pictures or in one; their bytes decide what is made anew."""
    before = digests(studio())
    hero = studio(
        ASKED.replace("low}", "low, references: [a.png, b.png]}"), a_png=png("red"), b_png=png("blue")
    )
    assert changed(hero, before) == {"picture[0]", "picture[1]", "picture[2]"}
    made(hero, "picture[0]")
    path, sent = server.bodies[-1]
    assert (path, sent["images"]) == ("images/edits", 2)
    assert "The attached pictures are references" in sent["prompt"]
    before = digests(hero)
    assert changed(studio(a_png=png("green")), before) == {"picture[0]", "picture[1]", "picture[2]"}


def test_a_segment_may_have_references_of_its_own_or_none(studio: Open) -> None:
    """An empty list is none, and another provider inherits none."""
    all_but = ASKED.replace("low}", "low, references: [a.png]}") + (
        "overrides: {1: {picture: {references: []}}, 2: {picture: {provider: offline}}}\n"
    )
    inputs = studio(all_but, a_png=png("red")).open("tea").inputs
    kept = [len(inputs[Name("picture", each)].payload.get("references", [])) for each in range(3)]
    assert kept == [1, 0, 0]


@pytest.mark.parametrize(
    ("references", "sentence"),
    [
        ("[gone.png]", r"movie\.yaml:6: picture\.references\.0: gone\.png does not exist"),
        ("[mine.md]", r"picture\.references\.0: must be a picture, but mine\.md is text/markdown"),
        ("a.png", r"picture\.references: must be a list of at most 16 pictures, such as \[hero\.png\]"),
        (f"[{', '.join(['a.png'] * 17)}]", r"picture\.references: must be a list of at most 16 pictures"),
    ],
)
def test_references_that_cannot_be_used_are_told_with_their_line(
    references: str, sentence: str, studio: Open
) -> None:
    """As every other mistake in movie.yaml."""
    with pytest.raises(Refused, match=sentence):
        studio(
            ASKED.replace("low}", f"low, references: {references}}}"), mine_md="{prompt}", a_png=png("red")
        ).open("tea")


# --- documentation ---


def test_the_documented_examples_can_be_used(studio: Open, tmp_path: Path) -> None:
    """Each pair of providers.yaml and movie.yaml in the section about OpenAI and servers like it."""
    text = (Path(__file__).parents[3] / "docs" / "providers.md").read_text(encoding="utf-8")
    section = text.partition("## OpenAI, and servers")[2].partition("\n## ")[0]
    blocks = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    (tmp_path / "providers.yaml").write_text(next(each for each in blocks if each.startswith("# providers")))
    files = {
        "hero_png": png("red"),
        "harbour_jpg": png("red"),
        "my-script-prompt_md": "",
        "my-picture-prompt_md": "{prompt}",
    }
    movies = [each for each in blocks if not each.startswith("# providers")]
    assert len(movies) == 3
    for movie in movies:
        assert len(studio(movie, **files).open("tea").inputs) > 10


# --- errors ---


def test_an_error_names_movie_and_artefact_and_nothing_half_made_is_kept(
    studio: Open, server: OpenAIServer
) -> None:
    """What failed is labelled; it is no success in the log, and the next run makes it and nothing else."""
    page = Fault(lambda reply: Reply(b"<html>", content_type="text/html"))
    server.misbehave("images/generations", page)
    with pytest.raises(Failed) as caught:
        made(studio(), "picture[1]")
    told = caught.value.labels
    assert (told["movie"], str(told["artefact"])) == ("tea", "picture[1]")
    assert (told["provider"], told["model"], told["request_id"]) == (
        "openai",
        "gpt-image-2.5-flare",
        "req_000002",
    )
    assert caught.value.next_step
    assert made(studio(), "picture[1]").keys() == {"picture[1]"}
    assert server.paid == {"responses": 1, "images/generations": 1}


def test_with_errors_every_artefact_is_paid_once(studio: Open, server: OpenAIServer) -> None:
    """Half of all requests fail; what is made is what was asked for, and the bill is that of no errors."""
    server.errors, server.seed = 0.5, 4
    tough = studio()
    (tough.project / "providers.yaml").write_text(
        f"openai: {{base_url: '{server.url}', attempts: 20, pause: 0.01}}\n"
    )
    refs = made(Studio(tough.project), "picture")
    store = tough.store("tea")
    assert len({ref.digest for name, ref in refs.items() if name.startswith("picture[")}) == 3
    script = msgspec.json.decode(store.read(refs["script"]), type=Script)
    assert len(script.segments) == 3
    assert server.calls.total() > 4
    assert server.paid == {"responses": 1, "images/generations": 3}
    costs = [event.cost for event in store.events.artefacts() if event.status == "succeeded" and event.cost]
    assert sum(costs) == pytest.approx(server.bill)
