"""Writes scripts with a language model by structured output; what does not fit is corrected once, then refused."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from openai import OpenAI, omit
from pydantic import BaseModel, ValidationError

from movie_assets.core.digest import digest_of
from movie_assets.core.errors import Failed, Refused
from movie_assets.core.ports import Meta, Result, Workspace, WriteRequest
from movie_assets.core.script import Script, ScriptSegment
from resources.line import Line
from resources.openai.answer import inside, json_of
from resources.openai.connect import asked
from resources.openai.fit import faults, length_for
from resources.openai.settings import parameters
from resources.prices import Prices
from resources.prompts import filled

__all__ = ["OpenAIWriter"]

_MODEL = "gpt-6-luna"


class Segment(BaseModel):
    """What the narrator says, and what the picture shows."""

    text: str
    prompt: str


class Draft(BaseModel):
    """The script of a short narrated film."""

    title: str
    summary: str
    mood: str
    segments: list[Segment]


Turn = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Written:
    """A whole answer of the model: its text, and what it took by the units of prices."""

    text: str
    request_id: str | None
    amounts: Counter[str]


@dataclass(slots=True)
class _Conversation:
    """The turns so far, and what they took together."""

    turns: list[Turn]
    written: list[_Written] = field(default_factory=list)
    attempts: int = 1

    def amounts(self) -> Counter[str]:
        """What all calls took, by the units of prices."""
        return sum((each.amounts for each in self.written), Counter())


class OpenAIWriter:
    """A `Writer` by the Responses API, or with `settings: {api: chat}` by chat completions."""

    def __init__(self, line: Line, prices: Prices) -> None:
        self._line = line
        self._prices = prices

    def write(self, request: WriteRequest, at: Workspace) -> Result:
        """A script that fits; `Failed` tells what still does not after one correction."""
        begun = time.monotonic()
        model = request.settings.get("model") or _MODEL
        conversation = _Conversation([{"role": "user", "content": _subject(request)}])
        if (draft := self._kept(request, model, at)) is None:
            self._ask(request, model, conversation, at)
        else:
            conversation.written.append(draft)
        script, wrong = _judged(conversation, request)
        corrected = wrong
        if wrong:
            self._correct(request, model, conversation, wrong, at)
            script, wrong = _judged(conversation, request)
        if script is None or wrong:
            at.pending.forget(self._line.connection.name)
            raise self._misfit(wrong, model, conversation)
        meta = self._meta(model, conversation, time.monotonic() - begun, corrected)
        return Result(msgspec.json.encode(script), "application/json", meta)

    def _ask(self, request: WriteRequest, model: str, conversation: _Conversation, at: Workspace) -> None:
        """What the model writes next."""
        instructions, body = _instructions(request), parameters("script", request.settings)
        ask = _APIS[request.settings.get("api", "responses")]
        answer = asked(
            self._line, model, at, lambda sdk: ask(sdk, model, instructions, conversation.turns, dict(body))
        )
        conversation.written.append(answer.value)
        conversation.attempts += answer.attempts - 1

    def _correct(
        self, request: WriteRequest, model: str, conversation: _Conversation, wrong: list[str], at: Workspace
    ) -> None:
        """The draft once more; it is paid for, and noted until it is known what came of it."""
        name, draft = self._line.connection.name, msgspec.to_builtins(conversation.written[0])
        at.pending.write(name, {"asked": _asked_for(request, model), "draft": draft})
        conversation.turns += _correction(conversation, wrong)
        try:
            self._ask(request, model, conversation, at)
        except (Refused, Failed):
            at.pending.forget(name)
            raise

    def _kept(self, request: WriteRequest, model: str, at: Workspace) -> _Written | None:
        """The draft that an earlier run paid for and could not have corrected."""
        note = at.pending.read(self._line.connection.name) or {}
        if note.get("asked") != _asked_for(request, model):
            return None
        draft = note["draft"]
        return _Written(draft["text"], draft["request_id"], Counter(draft["amounts"]))

    def _meta(self, model: str, conversation: _Conversation, seconds: float, corrected: list[str]) -> Meta:
        name, amounts = self._line.connection.name, conversation.amounts()
        return Meta(
            name,
            model,
            request_id=conversation.written[-1].request_id,
            usage=dict(amounts),
            cost=self._prices.cost(name, model, amounts),
            seconds=seconds,
            attempts=conversation.attempts,
            notes={"corrected": corrected} if corrected else {},
        )

    def _misfit(self, wrong: list[str], model: str, conversation: _Conversation) -> Failed:
        return Failed(
            f"the script does not fit, even after a correction: {'; '.join(wrong)}",
            next_step="make it again, ask for fewer segments, or name another script.model in movie.yaml",
            provider=self._line.connection.name,
            model=model,
            request_id=conversation.written[-1].request_id,
        )


def _judged(conversation: _Conversation, request: WriteRequest) -> tuple[Script | None, list[str]]:
    """What was written last, and what about it does not fit."""
    try:
        script = _script(Draft.model_validate_json(conversation.written[-1].text))
    except ValidationError as error:
        return None, [f"it is no JSON of the schema asked for: {_first(error)}"]
    return script, faults(script, request)


def _asked_for(request: WriteRequest, model: str) -> str:
    """The digest of all that shapes a draft."""
    return digest_of(
        [model, _instructions(request), _subject(request), parameters("script", request.settings)]
    )


def _instructions(request: WriteRequest) -> str:
    length = length_for(request)
    return filled(
        request.template,
        language=request.language,
        segments=request.segments,
        seconds=f"{request.duration:g}",
        length=f"{length.target} {length.unit}",
        segment_length=f"{round(length.target / request.segments)} {length.unit}",
        audience=request.settings.get("audience") or "everyone",
    )


def _subject(request: WriteRequest) -> str:
    return f"{request.title}\n\n{request.brief}".strip()


def _correction(conversation: _Conversation, wrong: list[str]) -> list[Turn]:
    said = "\n".join(f"- {fault}" for fault in wrong)
    return [
        {"role": "assistant", "content": conversation.written[-1].text},
        {
            "role": "user",
            "content": f"This does not fit:\n{said}\nWrite the whole script again so that it fits.",
        },
    ]


def _script(draft: Draft) -> Script:
    segments = tuple(ScriptSegment(_folded(each.text), _folded(each.prompt)) for each in draft.segments)
    return Script(_folded(draft.title), _folded(draft.summary), _folded(draft.mood), segments)


def _folded(text: str) -> str:
    return " ".join(text.split())


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, found["loc"]))
    return f"{where}: {found['msg']}" if where else str(found["msg"])


# --- the two APIs ---


def _by_responses(
    sdk: OpenAI, model: str, instructions: str, turns: list[Turn], body: dict[str, Any]
) -> _Written:
    raw = sdk.responses.with_raw_response.parse(
        model=model,
        instructions=instructions,
        input=turns,  # type: ignore[arg-type]
        text_format=Draft,
        text=body.pop("text", omit),
        extra_body=body,
    )
    answer = json_of(raw)
    return _Written(_said(answer, raw.request_id), raw.request_id, _amounts(answer, "input", "output"))


def _said(answer: Mapping[str, Any], request_id: str | None) -> str:
    """The text of a completed response; anything else is an error."""
    if answer.get("status") == "incomplete":
        raise _cut_off(inside(answer, "incomplete_details", "reason"), request_id)
    content = [
        part
        for item in answer.get("output") or []
        if inside(item, "type") == "message"
        for part in inside(item, "content") or []
    ]
    declined = [str(part["refusal"]) for part in content if inside(part, "refusal")]
    return _whole(
        "".join(str(inside(part, "text") or "") for part in content), " ".join(declined), request_id
    )


def _by_chat(sdk: OpenAI, model: str, instructions: str, turns: list[Turn], body: dict[str, Any]) -> _Written:
    raw = sdk.chat.completions.with_raw_response.parse(
        model=model,
        messages=[{"role": "system", "content": instructions}, *turns],  # type: ignore[list-item]
        response_format=Draft,
        extra_body=body,
    )
    answer = json_of(raw)
    reason, message = inside(answer, "choices", 0, "finish_reason"), inside(answer, "choices", 0, "message")
    if reason in ("length", "content_filter"):
        raise _cut_off(reason, raw.request_id)
    text, declined = str(inside(message, "content") or ""), str(inside(message, "refusal") or "")
    return _Written(
        _whole(text, declined, raw.request_id), raw.request_id, _amounts(answer, "prompt", "completion")
    )


_APIS = {"responses": _by_responses, "chat": _by_chat}


def _cut_off(reason: Any, request_id: str | None) -> Failed | Refused:
    if reason == "content_filter":
        return Refused(
            "the script was stopped by the provider's content filter",
            request_id=request_id,
            next_step="say the brief otherwise in movie.yaml",
        )
    return Failed(
        f"the script was cut off ({reason or 'incomplete'})",
        request_id=request_id,
        next_step="raise script.settings.max_output_tokens (chat: max_completion_tokens), or ask for fewer segments",
    )


def _whole(text: str, declined: str, request_id: str | None) -> str:
    if declined:
        raise Refused(
            f"the model declined: {_folded(declined)[:300]}",
            request_id=request_id,
            next_step="say the brief otherwise in movie.yaml",
        )
    if not text.strip():
        raise Failed("the model wrote nothing", request_id=request_id, next_step="make it again")
    return text


def _amounts(answer: Mapping[str, Any], given: str, made: str) -> Counter[str]:
    """Tokens by the units of prices, as either API counts them; one request, where the server tells nothing."""
    usage = inside(answer, "usage")
    tokens_in, tokens_out = inside(usage, f"{given}_tokens"), inside(usage, f"{made}_tokens")
    if not isinstance(tokens_in, int) or not isinstance(tokens_out, int):
        return Counter(requests=1)
    cached = inside(usage, f"{given}_tokens_details", "cached_tokens") or 0
    return Counter(input_tokens=tokens_in - cached, cached_input_tokens=cached, output_tokens=tokens_out)
