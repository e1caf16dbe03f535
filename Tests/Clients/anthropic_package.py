# SPDX-License-Identifier: MIT
"""What the `anthropic` package does on Ollama's `/v1/messages`."""

from __future__ import annotations

from typing import Any

import anthropic

from calls import MODEL, TOKENS, Async, Face, Setup, Sync, error_of
from report import Report, expect

QUESTION = [{"role": "user", "content": "Which city is it?"}]
TOOL = {
    "name": "weather", "description": "Says what the weather will be.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def check_anthropic(report: Report, setup: Setup) -> None:
    named: dict[str, Any] = {"base_url": setup.gateway.url, "api_key": "unused", "timeout": 30, "max_retries": 0}
    faces = [
        Sync("sync", lambda: anthropic.Anthropic(**named)), Async("async", lambda: anthropic.AsyncAnthropic(**named))]
    for face in faces:
        report.section(f"the anthropic package, {face.name}")
        messages(report, setup, face, named)


def messages(report: Report, setup: Setup, face: Face, client: dict[str, Any]) -> None:
    named: dict[str, Any] = {"model": MODEL, "messages": QUESTION, "max_tokens": TOKENS}
    texts: dict[str, str] = {}

    def create() -> str:
        answer, by = setup.served("/v1/messages", lambda: face("messages.create", system="Be short.", **named))
        expect(answer.stop_reason == "max_tokens" and answer.usage.output_tokens == TOKENS, f"{answer}")
        texts["whole"] = answer.content[0].text
        return f"{answer.usage.output_tokens} tokens, by {by}"

    def streamed() -> str:
        events, by = setup.served("/v1/messages", lambda: face("messages.create", stream=True, **named))
        text = "".join(event.delta.text for event in events if event.type == "content_block_delta")
        expect(events[-1].type == "message_stop" and text == texts.get("whole"), f"{text!r}, {events[-1].type}")
        return f"{len(events)} events, the same words, by {by}"

    def stream_of_text() -> str:
        def read() -> str:
            with anthropic.Anthropic(**client).messages.stream(**named) as stream:
                return "".join(stream.text_stream)

        text, by = setup.served("/v1/messages", read)
        expect(text == texts.get("whole"), f"{text!r}")
        return f"the same words, by {by}"

    def tools() -> str:
        answer, by = setup.served("/v1/messages", lambda: face("messages.create", tools=[TOOL], **named))
        uses = [block for block in answer.content if block.type == "tool_use"]
        expect(answer.stop_reason == "tool_use" and [use.name for use in uses] == ["weather"], f"{answer}")
        expect(isinstance(uses[0].input["city"], str), f"{uses[0].input}")
        result = {"type": "tool_result", "tool_use_id": uses[0].id, "content": "rain"}
        turns = [
            *QUESTION, {"role": "assistant", "content": [block.model_dump() for block in answer.content]},
            {"role": "user", "content": [result]}]
        last, by_last = setup.served(
            "/v1/messages", lambda: face("messages.create", tools=[TOOL], **{**named, "messages": turns}))
        expect(last.content[0].type == "text", f"{last}")
        return f"weather({uses[0].input}) by {by}, then text by {by_last}"

    def tools_streamed() -> str:
        events, by = setup.served("/v1/messages", lambda: face("messages.create", tools=[TOOL], stream=True, **named))
        starts = [event.content_block for event in events if event.type == "content_block_start"]
        expect([start.name for start in starts if start.type == "tool_use"] == ["weather"], f"{starts}")
        return f"{len(events)} events, by {by}"

    def errors() -> str:
        direct = Sync("own", lambda: anthropic.Anthropic(**{**client, "base_url": setup.runners[0].url}))
        wrong = [{**named, "model": "nosuch:1b"}, {**named, "messages": []}]
        for call in wrong:
            ours, own = (
                error_of(lambda: who("messages.create", **call), anthropic.APIStatusError) for who in (face, direct))
            for error in (ours, own):
                error.body.pop("request_id", None)  # each has its own
            expect(
                (type(ours), ours.status_code, ours.body) == (type(own), own.status_code, own.body),
                f"{ours.status_code} {ours.body}, the runner: {own.status_code} {own.body}")
        return f"{len(wrong)} calls that must fail give a runner's own status and body"

    report.check("messages.create", create)
    report.check("messages.create, streamed", streamed)
    if isinstance(face, Sync):
        report.check("messages.stream", stream_of_text)
    report.check("messages.create with a tool", tools)
    report.check("messages.create with a tool, streamed", tools_streamed)
    report.check("what must fail", errors)
