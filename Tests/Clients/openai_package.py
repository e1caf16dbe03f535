# SPDX-License-Identifier: MIT
"""What the `openai` package's two clients do on Ollama's routes under `/v1`."""

from __future__ import annotations

import json
from typing import Any

import openai

from calls import LONELY, MODEL, SCHEMA, SECOND, TOKENS, WAV, Async, Face, Setup, Sync, error_of, fits
from report import Report, expect, one_line

QUESTION = [{"role": "user", "content": "Which city is it?"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "weather", "description": "Says what the weather will be.",
        "parameters": {
            "type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"]},
    },
}
IMAGE = ("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4//8/AAX+Av4N70a4AAAAAElFTkSu"
         "QmCC")


def check_openai(report: Report, setup: Setup) -> None:
    # Without retries: a repeated request would hide that the first one failed.
    named: dict[str, Any] = {
        "base_url": f"{setup.gateway.url}/v1", "api_key": "unused", "timeout": 30, "max_retries": 0}
    for face in (Sync("sync", lambda: openai.OpenAI(**named)), Async("async", lambda: openai.AsyncOpenAI(**named))):
        report.section(f"the openai package, {face.name}")
        models(report, setup, face)
        chats(report, setup, face)
        others(report, setup, face)
        errors(report, setup, face)


def models(report: Report, setup: Setup, face: Face) -> None:
    def listed() -> str:
        answer, by = setup.served("/v1/models", lambda: face("models.list"))
        ids = sorted(model.id for model in answer.data)
        expect(ids == sorted([MODEL, SECOND, LONELY]), f"{ids}")
        return f"{ids}, by {by}"

    def retrieved() -> str:
        model, by = setup.served("/v1/models/:model", lambda: face("models.retrieve", LONELY))
        expect(model.id == LONELY and model.object == "model", f"{model}")
        return f"{model.id}, by {by}"

    report.check("models.list", listed)
    report.check("models.retrieve", retrieved)


def chats(report: Report, setup: Setup, face: Face) -> None:
    route, method = "/v1/chat/completions", "chat.completions.create"
    texts: dict[str, str] = {}

    def whole() -> str:
        answer, by = setup.served(
            route, lambda: face(method, model=MODEL, messages=QUESTION, max_tokens=TOKENS, temperature=0, seed=1))
        expect(answer.usage.completion_tokens == TOKENS and answer.choices[0].finish_reason == "length", f"{answer}")
        texts["whole"] = answer.choices[0].message.content
        return f"{answer.usage.completion_tokens} tokens, by {by}"

    def streamed() -> str:
        chunks, by = setup.served(
            route, lambda: face(
                method, model=MODEL, messages=QUESTION, max_tokens=TOKENS, stream=True,
                stream_options={"include_usage": True}))
        text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
        expect(text == texts.get("whole"), f"{text!r} instead of {texts.get('whole')!r}")
        expect(chunks[-1].usage.completion_tokens == TOKENS, f"{chunks[-1]}")
        return f"{len(chunks)} chunks, the same words, by {by}"

    def tools() -> str:
        answer, by = setup.served(route, lambda: face(method, model=MODEL, messages=QUESTION, tools=[TOOL]))
        choice = answer.choices[0]
        call = choice.message.tool_calls[0]
        expect(choice.finish_reason == "tool_calls" and call.function.name == "weather", f"{choice}")
        expect(isinstance(json.loads(call.function.arguments)["city"], str), call.function.arguments)
        messages = [
            *QUESTION, choice.message.model_dump(exclude_none=True),
            {"role": "tool", "tool_call_id": call.id, "content": "rain"}]
        last, by_last = setup.served(
            route, lambda: face(method, model=MODEL, messages=messages, tools=[TOOL], max_tokens=TOKENS))
        expect(last.choices[0].message.content and not last.choices[0].message.tool_calls, f"{last}")
        return f"{call.function.name}({call.function.arguments}) by {by}, then text by {by_last}"

    def tools_streamed() -> str:
        chunks, by = setup.served(
            route, lambda: face(method, model=MODEL, messages=QUESTION, tools=[TOOL], stream=True))
        choices = [choice for chunk in chunks for choice in chunk.choices]
        names = [call.function.name for choice in choices for call in choice.delta.tool_calls or []]
        expect(names == ["weather"] and choices[-1].finish_reason == "tool_calls", f"{choices}")
        return f"{len(chunks)} chunks, by {by}"

    def formatted() -> str:
        wanted = {"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA}}
        answer, by = setup.served(
            route, lambda: face(method, model=MODEL, messages=QUESTION, response_format=wanted))
        expect(fits(json.loads(answer.choices[0].message.content)), f"{answer.choices[0].message.content}")
        loose, by_loose = setup.served(
            route, lambda: face(method, model=MODEL, messages=QUESTION, response_format={"type": "json_object"}))
        expect(isinstance(json.loads(loose.choices[0].message.content), dict), f"{loose}")
        return f"{one_line(answer.choices[0].message.content)} by {by}, any object by {by_loose}"

    def image() -> str:
        content = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": IMAGE}}]
        answer, by = setup.served(
            route, lambda: face(method, model=MODEL, messages=[{"role": "user", "content": content}], max_tokens=TOKENS))
        expect(answer.choices[0].message.content, f"{answer}")
        return f"{answer.usage.completion_tokens} tokens, by {by}"

    report.check("chat.completions", whole)
    report.check("chat.completions, streamed", streamed)
    report.check("chat.completions with a tool", tools)
    report.check("chat.completions with a tool, streamed", tools_streamed)
    report.check("chat.completions, response_format", formatted)
    report.check("chat.completions with an image", image)


def others(report: Report, setup: Setup, face: Face) -> None:
    def completions() -> str:
        named = {"model": MODEL, "prompt": "A city is", "max_tokens": TOKENS}
        answer, by = setup.served("/v1/completions", lambda: face("completions.create", **named))
        chunks, by_stream = setup.served("/v1/completions", lambda: face("completions.create", stream=True, **named))
        text = "".join(choice.text for chunk in chunks for choice in chunk.choices)
        expect(answer.choices[0].text == text, f"{answer.choices[0].text!r}, streamed {text!r}")
        return f"by {by}, {len(chunks)} chunks by {by_stream}, the same words"

    def embeddings() -> str:
        # Without encoding_format the package asks for base64 and decodes it.
        answer, by = setup.served(
            "/v1/embeddings", lambda: face("embeddings.create", model=MODEL, input=["one", "two"]))
        plain, by_plain = setup.served(
            "/v1/embeddings",
            lambda: face("embeddings.create", model=MODEL, input=["one", "two"], encoding_format="float"))
        for ours, floats in zip(answer.data, plain.data, strict=True):
            apart = max(abs(a - b) for a, b in zip(ours.embedding, floats.embedding, strict=True))
            expect(apart < 1e-6, f"base64 and floats are {apart} apart")
        return f"2 × {len(answer.data[0].embedding)} as base64 by {by}, as floats by {by_plain}"

    def responses() -> str:
        named = {"model": MODEL, "input": "Which city is it?", "max_output_tokens": TOKENS}
        answer, by = setup.served("/v1/responses", lambda: face("responses.create", **named))
        expect(answer.status == "completed" and answer.output_text, f"{answer}")
        events, by_stream = setup.served("/v1/responses", lambda: face("responses.create", stream=True, **named))
        text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        expect(events[-1].type == "response.completed" and text == answer.output_text, f"{text!r}, {events[-1].type}")
        return f"by {by}, {len(events)} events by {by_stream}, the same words"

    def transcriptions() -> str:
        answer, by = setup.served(
            "/v1/audio/transcriptions",
            lambda: face("audio.transcriptions.create", model=MODEL, file=("a.wav", WAV), language="en"))
        expect(answer.text, f"{answer}")
        # The model behind 2 MB of sound: by then the form is on its way already.
        long, by_long = setup.served(
            "/v1/audio/transcriptions",
            lambda: face(
                "audio.transcriptions.create", model=MODEL, file=("a.wav", WAV + bytes(2 << 20)),
                response_format="text"))
        expect((long if isinstance(long, str) else long.text).strip(), f"{long!r}")
        return f"json by {by}, text of 2 MB by {by_long}"

    report.check("completions", completions)
    report.check("embeddings", embeddings)
    report.check("responses", responses)
    report.check("audio.transcriptions", transcriptions)


def errors(report: Report, setup: Setup, face: Face) -> None:
    def as_the_runner() -> str:
        direct = Sync("own", lambda: openai.OpenAI(
            base_url=f"{setup.runners[0].url}/v1", api_key="unused", timeout=30, max_retries=0))
        calls: list[tuple[str, dict]] = [
            ("chat.completions.create", {"model": "nosuch:1b", "messages": QUESTION}),
            ("completions.create", {"model": "nosuch:1b", "prompt": "x"}),
            ("embeddings.create", {"model": "nosuch:1b", "input": "x"}),
            ("responses.create", {"model": "nosuch:1b", "input": "x"}), ("models.retrieve", {"model": "nosuch:1b"}),
            ("audio.transcriptions.create", {"model": "nosuch:1b", "file": ("a.wav", WAV)}),
            ("chat.completions.create", {"model": MODEL, "messages": []}),
        ]
        for method, named in calls:
            ours, runners = (error_of(lambda: who(method, **named), openai.APIStatusError) for who in (face, direct))
            expect(
                (type(ours), ours.status_code, ours.body) == (type(runners), runners.status_code, runners.body),
                f"{method}: {ours.status_code} {ours.body}, the runner: {runners.status_code} {runners.body}")
        return f"{len(calls)} calls that must fail give a runner's own status and body"

    report.check("what must fail", as_the_runner)
