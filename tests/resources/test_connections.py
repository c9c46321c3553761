"""providers.yaml adds connections to those built in, or changes them; every mistake is told with its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.errors import Refused, Unready
from resources.connection import Limits
from resources.connections import Connections, read_connections
from resources.providers import offered, priced
from resources.secrets import Secret, Secrets

Read = Callable[..., Connections]
VIDEO = (
    '{submit: {path: /jobs, body: {image: "{image}"}}, id: id, '
    "poll: {path: '/jobs/{id}', status: status, done: [done], failed: [failed]}, result: {url: url}}"
)
KEYS = {"OPENAI_API_KEY": "sk-of-openai", "MINE": "key-of-mine"}


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a project's providers.yaml."""

    def of(text: str | None = None, environment: dict[str, str] = KEYS) -> Connections:
        if text is not None:
            (tmp_path / "providers.yaml").write_text(text)
        return read_connections(tmp_path, Secrets(tmp_path, environment))

    return of


def test_without_a_file_there_are_those_built_in(read: Read) -> None:
    """Their keys come from the variables the SDKs use, too."""
    known = read()
    assert set(known) == {"offline", "openai", "elevenlabs"}
    assert (known["openai"].key, known["openai"].base_url) == ("sk-of-openai", None)
    assert known["elevenlabs"].key is None and known["elevenlabs"].key_name == "ELEVENLABS_API_KEY"
    assert known["offline"].key == ""


def test_a_connection_is_added_and_one_built_in_is_changed(read: Read) -> None:
    """Whatever is not written of one built in stays as it was."""
    known = read(
        "ollama: {speaks: openai, base_url: http://localhost:11434/v1/, key: none, at_once: 1, attempts: 2}\n"
        "openai: {timeout: 10, per_minute: 60, prices: {gpt-9: {input_tokens: 0.001}}}\n"
        f"mine: {{speaks: video, base_url: https://video.example, key: MINE, video: {VIDEO}}}\n"
    )
    ollama, openai, mine = known["ollama"], known["openai"], known["mine"]
    assert (ollama.base_url, ollama.key, ollama.limits) == (
        "http://localhost:11434/v1",
        "",
        Limits(1, attempts=2),
    )
    assert (openai.speaks, openai.key, openai.timeout) == ("openai", "sk-of-openai", 10)
    assert openai.limits == Limits(per_minute=60)
    assert mine.key == "key-of-mine" and mine.video is not None and mine.video.submit.path == "/jobs"
    assert known.prices == {"openai": {"gpt-9": {"input_tokens": 0.001}}}


def test_a_connection_serves_what_it_speaks(read: Read) -> None:
    """The movie file's check goes by it."""
    names = offered(
        read(
            f"ollama: {{speaks: openai, key: none}}\nclips: {{speaks: video, base_url: http://localhost, key: none, video: {VIDEO}}}\n"
        )
    )
    assert {"offline", "openai", "ollama"} <= names["script"] & names["picture"]
    assert "clips" in names["motion"] and "ollama" not in names["motion"]
    assert "clips" not in names["picture"] and "openai" not in names["music"]


def test_a_missing_key_is_told_with_what_to_set(read: Read) -> None:
    """And only when the connection is to be used."""
    with pytest.raises(Unready) as raised:
        read().ready("elevenlabs")
    assert "ELEVENLABS_API_KEY is not set" in str(raised.value) and ".env" in str(raised.value)
    assert read().ready("openai").key == "sk-of-openai"


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("- openai", 1, "must be a mapping from names to connections"),
        ("openai: {}\nollama: {key: none}", 2, "ollama.speaks: is missing"),
        ("ollama:\n  speaks: openai", 1, "ollama.key: is missing"),
        (
            "ollama:\n  speaks: opnai\n  key: none",
            2,
            'must be openai, elevenlabs or video, not "opnai"; did you mean openai?',
        ),
        ("openai: {base_ulr: x}", 1, "base_ulr: is unknown; did you mean base_url?"),
        ("openai:\n  base_url: localhost", 2, "must be an address such as"),
        ("openai:\n  base_url: http://me:word@localhost/v1", 2, "without a name or password"),
        ("openai: {at_once: 0}", 1, "must be a whole number from 1 to 1000, not 0"),
        ("openai: {speaks: elevenlabs}", 1, "openai speaks openai"),
        ("offline: {speaks: openai, key: none}", 1, "a connection may not be named"),
        ("Mine: {speaks: openai, key: none}", 1, "a connection may not be named"),
        ("clips: {speaks: video, key: none}", 1, "clips.video: is missing"),
        (f"openai: {{video: {VIDEO}}}", 1, "is for connections that speak video"),
        ("openai: {timeout: soon}", 1, "openai.timeout: must be a number of seconds"),
    ],
)
def test_a_mistake_is_told_with_its_line(read: Read, text: str, line: int, told: str) -> None:
    """As those of movie.yaml are."""
    with pytest.raises(Refused) as raised:
        read(text)
    assert f"providers.yaml:{line}: " in str(raised.value) and told in str(raised.value)


def test_a_key_written_into_the_file_is_refused_and_not_repeated(read: Read) -> None:
    """The file may be shared; a message may, too."""
    with pytest.raises(Refused, match="the name of the environment variable") as raised:
        read("openai: {key: sk-proj-abcdef}")
    assert "abcdef" not in str(raised.value)


def test_own_prices_are_used(read: Read) -> None:
    """Over those of the list."""
    prices = priced(
        read(
            "openai: {prices: {gpt-9: {input_tokens: 0.5}}}\nollama: {speaks: openai, key: none, prices: free}"
        )
    )
    assert prices.cost("openai", "gpt-9", {"input_tokens": 2}) == 1.0
    assert prices.cost("ollama", "any", {"input_tokens": 2}) == 0.0


def test_the_environment_wins_over_the_env_file(tmp_path: Path) -> None:
    """A variable that is empty is not set."""
    (tmp_path / ".env").write_text("A=from-file\nB='quoted $A'\nexport C=exported\nD=\n")
    secrets = Secrets(tmp_path, {"A": "from-environment", "C": " "})
    found = [secrets.get(name) for name in "ABCDE"]
    assert found == ["from-environment", "quoted $A", None, None, None]
    assert Secrets(tmp_path, {}).get("C") == "exported"


@given(st.text(min_size=1))
def test_a_secret_is_not_shown_by_what_holds_it(text: str) -> None:
    """And is still the text an SDK sends."""
    assert repr([Secret(text)]) == "[Secret(…)]" and f"{Secret(text)}" == text
