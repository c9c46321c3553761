"""Scripts by a language model: as long as asked for and in the language asked for, or refused with what was wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from movie_assets.core.errors import Failed, Refused, Transient
from movie_assets.core.ports import Result, Workspace, WriteRequest
from movie_assets.core.script import Script
from resources.connection import Connection
from resources.line import Line, PacedLine
from resources.openai.fit import faults
from resources.openai.write import OpenAIWriter
from resources.price_list import PriceList
from resources.prompts import standard_text
from resources.rehearsal.openai_server import Fault, OpenAIServer, Reply, status

REQUEST = WriteRequest(
    "The tea road",
    "Tea came over the mountains on horses.",
    "en",
    4,
    40.0,
    {},
    template=standard_text("script.md"),
)
APIS = {"responses": "responses", "chat": "chat/completions"}


def asking(api: str, **settings: Any) -> WriteRequest:
    told = {"api": api, **settings}
    return replace(REQUEST, settings={**told, "settings": told})


def rewritten(change: Callable[[dict[str, Any]], object]) -> Fault:
    """The server's script, changed: whatever `change` returns is sent as the model's text."""

    def other(reply: Reply) -> Reply:
        body = json.loads(reply.bytes())
        holder, name = (
            (body["output"][0]["content"][0], "text")
            if "output" in body
            else (body["choices"][0]["message"], "content")
        )
        said = change(json.loads(holder[name]))
        holder[name] = said if isinstance(said, str) else json.dumps(said)
        return Reply(body, amounts=reply.amounts)

    return Fault(other)


def answered(**fields: Any) -> Fault:
    """The server's answer with some of its fields replaced."""
    return Fault(lambda reply: Reply({**json.loads(reply.bytes()), **fields}))


def without_last(script: dict[str, Any]) -> dict[str, Any]:
    return {**script, "segments": script["segments"][:-1]}


def script_of(result: Result) -> Script:
    assert isinstance(result.body, bytes)
    return msgspec.json.decode(result.body, type=Script)


@pytest.fixture
def write(line: Line, prices: PriceList, at: Workspace) -> Callable[[WriteRequest], Result]:
    return lambda request: OpenAIWriter(line, prices).write(request, at)


Write = Callable[[WriteRequest], Result]


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("language", ["en", "de", "fr"])
@pytest.mark.parametrize(("segments", "seconds"), [(1, 10.0), (4, 40.0), (12, 60.0)])
def test_a_script_is_as_asked_for(
    api: str, language: str, segments: int, seconds: float, write: Write
) -> None:
    """By either API: segments, length and language; nothing about it is wrong."""
    request = replace(asking(api), language=language, segments=segments, duration=seconds)
    made = write(request)
    assert faults(script_of(made), request) == []
    assert made.media_type == "application/json"


@pytest.mark.parametrize("api", APIS)
def test_what_it_took_is_told(api: str, write: Write, server: OpenAIServer) -> None:
    """Model, request id, tokens and the cost, which is what the server bills."""
    meta = write(asking(api)).meta
    assert (meta.provider, meta.model, meta.request_id) == ("openai", "gpt-6-luna", "req_000001")
    assert meta.usage.keys() == {"input_tokens", "output_tokens"}
    assert meta.cost == pytest.approx(server.bill)
    assert meta.cost is not None
    assert meta.cost > 0


def test_the_prompt_is_the_template_and_the_brief(write: Write, server: OpenAIServer) -> None:
    """What is sent can be read in script.md and movie.yaml."""
    write(
        replace(
            asking("responses"),
            template="exactly {segments} segments in {language} for {audience}: about {length}.",
        )
    )
    sent = server.bodies[0][1]
    assert sent["instructions"] == "exactly 4 segments in en for everyone: about 94 words."
    assert sent["input"] == [
        {"role": "user", "content": "The tea road\n\nTea came over the mountains on horses."}
    ]
    assert sent["text"]["format"]["strict"] is True


@pytest.mark.parametrize("api", APIS)
def test_settings_shape_the_request(api: str, write: Write, server: OpenAIServer) -> None:
    """Whatever the API knows can be set; a dot reaches inside."""
    write(asking(api, **{"temperature": 0.4, "reasoning.effort": "low", "text.verbosity": "low"}))
    sent = server.bodies[0][1]
    assert (sent["temperature"], sent["reasoning"], sent["text"]["verbosity"]) == (
        0.4,
        {"effort": "low"},
        "low",
    )
    assert "api" not in sent


def test_another_model_and_audience_are_asked(write: Write, server: OpenAIServer) -> None:
    """The section's own fields."""
    meta = write(replace(REQUEST, settings={"model": "gpt-6-sol", "audience": "sailors"})).meta
    assert meta.model == server.bodies[0][1]["model"] == "gpt-6-sol"
    assert "for sailors" in server.bodies[0][1]["instructions"]


@pytest.mark.parametrize("name", ["input", "messages", "model", "stream"])
def test_what_the_movie_says_cannot_be_set(name: str, write: Write) -> None:
    """A setting does not replace the brief behind a person's back."""
    with pytest.raises(Refused, match=f"settings.{name}"):
        write(asking("responses", **{name: "x"}))


def test_an_unknown_api_is_refused(write: Write) -> None:
    """With the ones there are."""
    with pytest.raises(Refused, match=r"settings\.api must be one of responses, chat") as caught:
        write(asking("grpc"))
    assert "movie.yaml" in caught.value.next_step


# --- correction ---

MISFITS: dict[str, tuple[Fault, str]] = {
    "a segment too few": (rewritten(without_last), "it has 3 segments, and exactly 4 are asked for"),
    "far too long": (
        rewritten(
            lambda script: {
                **script,
                "segments": [{**each, "text": each["text"] * 3} for each in script["segments"]],
            }
        ),
        "words, and 70 to 118 are asked for",
    ),
    "nothing said": (
        rewritten(
            lambda script: {
                **script,
                "segments": [{**script["segments"][0], "text": " "}, *script["segments"][1:]],
            }
        ),
        "nothing is said in segment 1",
    ),
    "another language": (
        rewritten(
            lambda script: {
                **script,
                "segments": [
                    {**each, "text": "Der Wind kam von Westen und er war nicht warm. " * 3}
                    for each in script["segments"]
                ],
            }
        ),
        "is written in de, and en is asked for",
    ),
    "other letters": (
        rewritten(
            lambda script: {
                **script,
                "segments": [
                    {**each, "text": "Ветер дул с запада и был тёплым. " * 4} for each in script["segments"]
                ],
            }
        ),
        "written in Cyrillic letters, not in en",
    ),
    "not of the schema": (rewritten(lambda script: {"title": "x"}), "no JSON of the schema"),
    "no JSON": (rewritten(lambda script: "Here is your script!"), "no JSON of the schema"),
}


@pytest.mark.parametrize("misfit", MISFITS)
@pytest.mark.parametrize("api", APIS)
def test_what_does_not_fit_is_corrected_once(
    api: str, misfit: str, write: Write, server: OpenAIServer, at: Workspace
) -> None:
    """The follow-up shows the model its own words and says what is wrong with them; both calls are counted."""
    fault, wrong = MISFITS[misfit]
    server.misbehave(APIS[api], fault)
    made = write(asking(api))
    assert faults(script_of(made), REQUEST) == []
    assert any(wrong in each for each in made.meta.notes["corrected"])
    turns = server.bodies[1][1]["input" if api == "responses" else "messages"]
    assert [turn["role"] for turn in turns][-3:] == ["user", "assistant", "user"]
    assert wrong in turns[-1]["content"]
    at.pending.settle()  # as a run does when the result is recorded
    assert made.meta.usage["input_tokens"] > write(asking(api)).meta.usage["input_tokens"] * 1.5


@pytest.mark.parametrize("misfit", MISFITS)
@pytest.mark.parametrize("api", APIS)
def test_what_still_does_not_fit_is_refused_with_what_is_wrong(
    api: str, misfit: str, write: Write, server: OpenAIServer
) -> None:
    """One correction, no more; the error says what was wrong, and with which request."""
    fault, wrong = MISFITS[misfit]
    server.misbehave(APIS[api], fault, fault)
    with pytest.raises(Failed, match="even after a correction") as caught:
        write(asking(api))
    assert wrong in caught.value.fact
    assert {**caught.value.labels, "provider": "openai", "request_id": "req_000002"} == caught.value.labels
    assert server.calls.total() == 2


def test_a_retry_of_the_correction_does_not_pay_the_draft_again(
    server: OpenAIServer,
    prices: PriceList,
    at: Workspace,
    connection: Connection,
    paced: Callable[[Connection], PacedLine],
) -> None:
    """Each of the two calls is tried again by itself."""
    server.misbehave("responses", rewritten(without_last), status(500), Fault(how="cut"))
    assert OpenAIWriter(paced(connection), prices).write(REQUEST, at).meta.attempts == 3
    assert server.calls["responses"] == 4
    assert server.distinct["responses"] == 2


def test_a_draft_whose_correction_failed_is_not_paid_again(
    server: OpenAIServer, line: Line, prices: PriceList, at: Workspace
) -> None:
    """The next run asks for the correction alone, and tells what both took; another brief has a draft of its own."""
    writer = OpenAIWriter(line, prices)
    server.misbehave("responses", rewritten(without_last), status(500))
    with pytest.raises(Transient):
        writer.write(REQUEST, at)
    made = writer.write(REQUEST, at)
    assert [len(asked["input"]) for _, asked in server.bodies] == [1, 3, 3]
    assert made.meta.cost and made.meta.cost > server.bill and made.meta.notes["corrected"]
    writer.write(replace(REQUEST, brief="Of something else."), at)
    assert len(server.bodies[-1][1]["input"]) == 1


def test_a_draft_that_could_not_be_corrected_is_forgotten(
    server: OpenAIServer, line: Line, prices: PriceList, at: Workspace
) -> None:
    """The next run begins with another."""
    server.misbehave("responses", rewritten(without_last), rewritten(without_last))
    with pytest.raises(Failed):
        OpenAIWriter(line, prices).write(REQUEST, at)
    assert at.pending.read("openai") is None


# --- answers that are no script ---

DECLINED = {
    "responses": answered(
        output=[
            {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "I cannot."}]}
        ]
    ),
    "chat": answered(
        choices=[
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "refusal": "I cannot."}}
        ]
    ),
}
CUT_OFF = {
    "responses": answered(
        status="incomplete",
        incomplete_details={"reason": "max_output_tokens"},
        output=[
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": '{"title": "The t', "annotations": []}],
            }
        ],
    ),
    "chat": answered(
        choices=[
            {
                "index": 0,
                "finish_reason": "length",
                "message": {"role": "assistant", "content": '{"title": "The t'},
            }
        ]
    ),
}
FILTERED = {
    "responses": answered(status="incomplete", incomplete_details={"reason": "content_filter"}, output=[]),
    "chat": answered(choices=[{"index": 0, "finish_reason": "content_filter", "message": {}}]),
}
EMPTY = {"responses": answered(output=[]), "chat": answered(choices=[])}
ODD = {
    "responses": answered(output=[None, {"type": "reasoning"}, {"type": "message", "content": [None]}]),
    "chat": answered(choices="none"),
}


@pytest.mark.parametrize("api", APIS)
def test_a_model_that_declines_is_a_refusal(api: str, write: Write, server: OpenAIServer) -> None:
    """In its own words, and without a correction."""
    server.misbehave(APIS[api], DECLINED[api])
    with pytest.raises(Refused, match="the model declined: I cannot"):
        write(asking(api))
    assert server.calls.total() == 1


@pytest.mark.parametrize("api", APIS)
def test_a_script_that_is_cut_off_is_an_error_of_its_own(
    api: str, write: Write, server: OpenAIServer
) -> None:
    """With the setting that allows for more."""
    server.misbehave(APIS[api], CUT_OFF[api])
    with pytest.raises(Failed, match="the script was cut off") as caught:
        write(asking(api))
    assert "max_output_tokens" in caught.value.next_step


@pytest.mark.parametrize("api", APIS)
def test_a_filtered_script_is_a_refusal(api: str, write: Write, server: OpenAIServer) -> None:
    """The brief is to be said otherwise."""
    server.misbehave(APIS[api], FILTERED[api])
    with pytest.raises(Refused, match="content filter"):
        write(asking(api))


@pytest.mark.parametrize("answer", [EMPTY, ODD], ids=["empty", "odd"])
@pytest.mark.parametrize("api", APIS)
def test_nothing_written_is_an_error(
    api: str, answer: dict[str, Fault], write: Write, server: OpenAIServer
) -> None:
    """An answer without text, in whatever shape."""
    server.misbehave(APIS[api], answer[api])
    with pytest.raises(Failed, match="the model wrote nothing"):
        write(asking(api))


@pytest.mark.parametrize("body", [b'{"output": [', b"\xff\xfe", b""])
def test_broken_json_is_transient(body: bytes, write: Write, server: OpenAIServer) -> None:
    """An answer that breaks off on its way."""
    server.misbehave("responses", Fault(lambda reply: Reply(body)))
    with pytest.raises(Transient, match="it is no JSON"):
        write(REQUEST)


def test_other_json_is_no_answer(write: Write, server: OpenAIServer) -> None:
    """A list is not what was asked for."""
    server.misbehave("responses", Fault(lambda reply: Reply(b"[1, 2]")))
    with pytest.raises(Failed, match="no JSON object"):
        write(REQUEST)


def test_a_server_that_tells_no_usage_has_no_known_cost(write: Write, server: OpenAIServer) -> None:
    """Unknown is not free."""
    server.misbehave("responses", answered(usage=None))
    assert write(REQUEST).meta.cost is None
