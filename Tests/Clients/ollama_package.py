# SPDX-License-Identifier: MIT
"""Every method of the `ollama` package's two clients."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import ollama

from calls import LONELY, MODEL, PNG, SCHEMA, SECOND, TOKENS, Async, Face, Setup, Sync, error_of, fits
from report import Report, expect, one_line, wait_until

QUESTION = [{"role": "user", "content": "Which city is it?"}]
SHORT = {"num_predict": TOKENS}


def weather(city: str, days: int = 1) -> str:
    """Says what the weather will be.

    Args:
      city: Where
      days: For how many days

    Returns:
      str: The forecast
    """
    return f"{city}, {days}: rain"


def check_ollama(report: Report, setup: Setup) -> None:
    faces: list[Face] = [
        Sync("sync", lambda: ollama.Client(host=setup.gateway.url, timeout=30)),
        Async("async", lambda: ollama.AsyncClient(host=setup.gateway.url, timeout=30)),
    ]
    for face in faces:
        report.section(f"the ollama package, {face.name}")
        lists(report, setup, face)
        chats(report, setup, face)
        generates(report, setup, face)
        embeds(report, setup, face)
        manages(report, setup, face)
        errors(report, setup, face)
    report.section("the ollama package, its methods")
    report.check("none was left out", lambda: nothing_left_out())


# What the checks below call, and what can't be called here.
TESTED = {
    "list", "ps", "show", "chat", "generate", "embed", "embeddings", "pull", "push", "create", "create_blob", "copy",
    "delete", "systemone",
}
ELSEWHERE = {"web_search", "web_fetch"}  # They go to ollama.com, whatever the host is.


def nothing_left_out() -> str:
    there = {name for name in dir(ollama.Client) if not name.startswith("_")} - {"close"}
    expect(there == TESTED | ELSEWHERE, f"the package's methods are {sorted(there)}")
    return f"{len(TESTED)} methods tested; {', '.join(sorted(ELSEWHERE))} ask ollama.com, whatever the host"


def lists(report: Report, setup: Setup, face: Face) -> None:
    def list_() -> str:
        answer, by = setup.served("/api/tags", lambda: face("list"))
        names = sorted(model.model for model in answer.models)
        expect(names == sorted([MODEL, SECOND, LONELY]), f"the union once each was expected, got {names}")
        expect(all(m.digest and m.size and m.modified_at and m.details for m in answer.models), "fields are missing")
        return f"{names}, by {by}"

    def ps() -> str:
        face("generate", LONELY, keep_alive="10m")

        def loaded() -> bool:
            return LONELY in [model.model for model in face("ps").models]

        wait_until(loaded, 10, f"{LONELY} in ps")
        answer, by = setup.served("/api/ps", lambda: face("ps"))
        entry = next(model for model in answer.models if model.model == LONELY)
        expect(entry.expires_at and entry.size_vram and entry.context_length, f"fields are missing: {entry}")
        names = [model.model for model in answer.models]
        expect(len(names) == len(set(names)), f"twice: {names}")
        return f"{names}, by {by}"

    def show() -> str:
        answer, by = setup.served("/api/show", lambda: face("show", MODEL))
        expect(answer.modelinfo and answer.details and answer.capabilities, f"fields are missing: {answer}")
        return f"{answer.details.family} {answer.details.parameter_size}, by {by}"

    report.check("list", list_)
    report.check("ps", ps)
    report.check("show", show)


def chats(report: Report, setup: Setup, face: Face) -> None:
    texts: dict[str, str] = {}

    def whole() -> str:
        answer, by = setup.served("/api/chat", lambda: face("chat", MODEL, QUESTION, options=SHORT))
        expect(answer.done and answer.eval_count == TOKENS and answer.done_reason == "length", f"{answer}")
        texts["whole"] = answer.message.content or ""
        own = ollama.Client(host=setup.runners[0].url).chat(MODEL, QUESTION, options=SHORT).message.content
        expect(texts["whole"] == own, f"{texts['whole']!r}, the runner itself says {own!r}")
        return f"{answer.eval_count} tokens, the runner's own words, by {by}"

    def streamed() -> str:
        parts, by = setup.served("/api/chat", lambda: face("chat", MODEL, QUESTION, stream=True, options=SHORT))
        expect([part.done for part in parts] == [False] * TOKENS + [True], f"{len(parts)} parts")
        text = "".join(part.message.content or "" for part in parts)
        expect(text == texts.get("whole"), f"{text!r} instead of {texts.get('whole')!r}")
        return f"{len(parts)} parts, the same words, by {by}"

    def tools() -> str:
        answer, by = setup.served("/api/chat", lambda: face("chat", MODEL, QUESTION, tools=[weather]))
        calls = answer.message.tool_calls or []
        expect([call.function.name for call in calls] == ["weather"], f"{answer.message}")
        expect(isinstance(calls[0].function.arguments.get("city"), str), f"{calls[0].function.arguments}")
        messages = [
            *QUESTION, answer.message,
            {"role": "tool", "tool_name": "weather", "content": weather(**calls[0].function.arguments)}]
        last, by_last = setup.served("/api/chat", lambda: face("chat", MODEL, messages, tools=[weather], options=SHORT))
        expect(last.message.content and not last.message.tool_calls, f"no text after the tool's answer: {last}")
        return f"weather({json.dumps(dict(calls[0].function.arguments))}) by {by}, then text by {by_last}"

    def tools_streamed() -> str:
        parts, by = setup.served("/api/chat", lambda: face("chat", MODEL, QUESTION, tools=[weather], stream=True))
        calls = [call.function.name for part in parts for call in part.message.tool_calls or []]
        expect(calls == ["weather"] and parts[-1].done, f"{parts}")
        return f"{len(parts)} parts, by {by}"

    def images() -> str:
        message = {"role": "user", "content": "What is it?", "images": [PNG]}
        answer, by = setup.served("/api/chat", lambda: face("chat", MODEL, [message], options=SHORT))
        expect(answer.message.content, f"{answer}")
        return f"{answer.eval_count} tokens, by {by}"

    def format_json() -> str:
        answer, by = setup.served("/api/chat", lambda: face("chat", MODEL, QUESTION, format="json"))
        expect(isinstance(json.loads(answer.message.content), dict), f"{answer.message.content}")
        return f"{one_line(answer.message.content)}, by {by}"

    def format_schema() -> str:
        answer, by = setup.served("/api/chat", lambda: face("chat", MODEL, QUESTION, format=SCHEMA))
        expect(fits(json.loads(answer.message.content)), f"{answer.message.content}")
        parts, by_stream = setup.served("/api/chat", lambda: face("chat", MODEL, QUESTION, format=SCHEMA, stream=True))
        text = "".join(part.message.content or "" for part in parts)
        expect(text == answer.message.content, f"{text} instead of {answer.message.content}")
        return f"{one_line(text)}, by {by}; the same streamed, by {by_stream}"

    def think() -> str:
        answer, by = setup.served("/api/chat", lambda: face("chat", MODEL, QUESTION, think=True, options=SHORT))
        expect(answer.message.thinking and answer.message.content, f"{answer.message}")
        parts, by_stream = setup.served(
            "/api/chat", lambda: face("chat", MODEL, QUESTION, think="high", stream=True, options=SHORT))
        thought = "".join(part.message.thinking or "" for part in parts)
        expect(thought == answer.message.thinking, f"{thought!r} instead of {answer.message.thinking!r}")
        return f"“{one_line(thought)}”, by {by}; the same streamed, by {by_stream}"

    def load_and_unload() -> str:
        loaded, by = setup.served("/api/chat", lambda: face("chat", SECOND, []))
        expect((loaded.done, loaded.done_reason) == (True, "load"), f"{loaded}")
        unloaded, _ = setup.served("/api/chat", lambda: face("chat", SECOND, [], keep_alive=0))
        expect((unloaded.done, unloaded.done_reason) == (True, "unload"), f"{unloaded}")
        left = [runner.index for runner in setup.runners if SECOND in runner.loaded]
        expect(not left, f"still loaded on {left}")
        return f"loaded by {by}, unloaded everywhere"

    report.check("chat", whole)
    report.check("chat, streamed", streamed)
    report.check("chat with a tool", tools)
    report.check("chat with a tool, streamed", tools_streamed)
    report.check("chat with an image", images)
    report.check("chat, format json", format_json)
    report.check("chat, format of a schema", format_schema)
    report.check("chat, think", think)
    report.check("chat without messages loads, and unloads", load_and_unload)


def generates(report: Report, setup: Setup, face: Face) -> None:
    texts: dict[str, str] = {}

    def whole() -> str:
        answer, by = setup.served(
            "/api/generate",
            lambda: face("generate", MODEL, "A city is", system="Be short.", raw=True, options=SHORT, keep_alive="5m"))
        expect(answer.done and answer.response and answer.eval_count == TOKENS, f"{answer}")
        texts["whole"] = answer.response
        return f"{answer.eval_count} tokens, by {by}"

    def streamed() -> str:
        parts, by = setup.served(
            "/api/generate", lambda: face("generate", MODEL, "A city is", stream=True, options=SHORT))
        expect(len(parts) == TOKENS + 1 and parts[-1].done and parts[-1].context, f"{len(parts)} parts: {parts[-1]}")
        text = "".join(part.response for part in parts)
        expect(text == texts.get("whole"), f"{text!r} instead of {texts.get('whole')!r}")
        return f"{len(parts)} parts, the same words, by {by}"

    def continued() -> str:
        first = face("generate", MODEL, "A city is", options=SHORT)
        answer, by = setup.served(
            "/api/generate",
            lambda: face("generate", MODEL, "Go on.", context=first.context, images=[PNG], suffix=".", options=SHORT))
        expect(answer.done, f"{answer}")
        return f"{len(first.context)} numbers of context, by {by}"

    def formats() -> str:
        answer, by = setup.served("/api/generate", lambda: face("generate", MODEL, "A city", format=SCHEMA))
        expect(fits(json.loads(answer.response)), answer.response)
        return f"{one_line(answer.response)}, by {by}"

    def think() -> str:
        answer, by = setup.served(
            "/api/generate", lambda: face("generate", MODEL, "A city", think=True, options=SHORT))
        expect(answer.thinking and answer.response, f"{answer}")
        return f"“{one_line(answer.thinking)}”, by {by}"

    report.check("generate", whole)
    report.check("generate, streamed", streamed)
    report.check("generate with context, image and suffix", continued)
    report.check("generate, format of a schema", formats)
    report.check("generate, think", think)


def embeds(report: Report, setup: Setup, face: Face) -> None:
    def embed() -> str:
        texts = ["one", "two", "three"]
        answer, by = setup.served("/api/embed", lambda: face("embed", MODEL, texts, truncate=True))
        own = ollama.Client(host=setup.runners[1].url).embed(MODEL, texts).embeddings
        expect(answer.embeddings == own, "other numbers than the runner's own")
        single, by_single = setup.served("/api/embed", lambda: face("embed", MODEL, "one", dimensions=8))
        expect([len(vector) for vector in single.embeddings] == [8], f"{single.embeddings}")
        return f"{len(own)} × {len(own[0])}, the runner's own, by {by}; 1 × 8, by {by_single}"

    def embeddings() -> str:
        answer, by = setup.served("/api/embeddings", lambda: face("embeddings", MODEL, "one"))
        expect(len(answer.embedding) == 32, f"{len(answer.embedding)} numbers")
        return f"{len(answer.embedding)} numbers, by {by}"

    report.check("embed", embed)
    report.check("embeddings", embeddings)


def manages(report: Report, setup: Setup, face: Face) -> None:
    everyone = [runner.index for runner in setup.runners]

    def pull() -> str:
        answer, _ = setup.served("/api/pull", lambda: face("pull", "pulled:1b"))
        expect(answer.status == "success", f"{answer}")
        expect(setup.holders("pulled:1b") == everyone, f"only on {setup.holders('pulled:1b')}")
        return f"on runners {everyone}"

    def pull_streamed() -> str:
        parts, _ = setup.served("/api/pull", lambda: face("pull", "pulled:2b", stream=True))
        expect([part.status for part in parts].count("success") == 1 and parts[-1].status == "success", f"{parts[-3:]}")
        expect(setup.holders("pulled:2b") == everyone, f"only on {setup.holders('pulled:2b')}")
        done: dict[str, int] = {}
        for part in parts:
            if part.digest and part.completed is not None:
                expect(part.completed >= done.get(part.digest, 0), f"progress fell: {part}")
                done[part.digest] = part.completed
                expect(part.completed <= (part.total or 0), f"more than all: {part}")
        return f"{len(parts)} parts about {len(done)} layers, on runners {everyone}"

    def push() -> str:
        answer, _ = setup.served("/api/push", lambda: face("push", "pulled:1b"))
        parts, _ = setup.served("/api/push", lambda: face("push", "pulled:1b", stream=True))
        expect(answer.status == "success" and parts[-1].status == "success", f"{answer}, {parts[-1]}")
        return f"success; {len(parts)} parts"

    def create_from() -> str:
        answer, _ = setup.served(
            "/api/create",
            lambda: face("create", "made:1b", from_=MODEL, system="Be short.", parameters={"temperature": 0}))
        parts, _ = setup.served("/api/create", lambda: face("create", "made:2b", from_=LONELY, stream=True))
        expect(answer.status == "success" and parts[-1].status == "success", f"{answer}, {parts[-1]}")
        where = setup.holders("made:1b"), setup.holders("made:2b")
        expect(where == (everyone, setup.holders(LONELY)), f"made on {where}")
        return f"on {where[0]} where {MODEL} is, on {where[1]} where {LONELY} is"

    def create_of_blob() -> str:
        weights = setup.gateway.folder / f"weights-{face.name}"
        weights.write_bytes(b"GGUF" + face.name.encode() * 300_000)
        digest, _ = uploaded(weights)
        parts, _ = setup.served(
            "/api/create", lambda: face("create", "built:1b", files={"weights.gguf": digest}, stream=True))
        expect(parts[-1].status == "success" and setup.holders("built:1b") == everyone, f"{parts[-1]}")
        again, _ = setup.served("/api/blobs/:digest", lambda: face("create_blob", weights))
        expect(again == digest, again)
        return f"{weights.stat().st_size:,} bytes to runners {everyone}, once more, and a model of it"

    def uploaded(weights: Path) -> tuple[str, str]:
        before = setup.settled()
        digest = face("create_blob", weights)
        expect(digest == f"sha256:{hashlib.sha256(weights.read_bytes()).hexdigest()}", digest)
        wait_until(lambda: len(setup.gateway.records()) > before, 5, "a line in the access log")
        record = setup.gateway.records()[-1]
        expect((record["route"], record["status"]) == ("/api/blobs/:digest", 201), f"{record}")
        return digest, ""

    def copy() -> str:
        answer, _ = setup.served("/api/copy", lambda: face("copy", SECOND, "copied:7b"))
        expect(answer.status == "success" and setup.holders("copied:7b") == everyone, f"{answer}")
        return f"on runners {everyone}"

    def delete() -> str:
        for name in ["pulled:1b", "pulled:2b", "made:1b", "made:2b", "built:1b", "copied:7b"]:
            answer, _ = setup.served("/api/delete", lambda: face("delete", name))
            expect(answer.status == "success" and not setup.holders(name), f"{name}: {answer}")
        left = sorted(model.model for model in face("list").models)
        expect(left == sorted([MODEL, SECOND, LONELY]), f"left: {left}")
        return "6 models, gone everywhere"

    report.check("pull", pull)
    report.check("pull, streamed", pull_streamed)
    report.check("push", push)
    report.check("create from a model", create_from)
    report.check("create_blob, and create of it", create_of_blob)
    report.check("copy", copy)
    report.check("delete", delete)


def errors(report: Report, setup: Setup, face: Face) -> None:
    def as_the_runner() -> str:
        calls = [
            ("chat", ("nosuch:1b", QUESTION), {}), ("generate", ("nosuch:1b", "x"), {"stream": True}),
            ("embed", ("nosuch:1b", "x"), {}), ("embeddings", ("nosuch:1b", "x"), {}), ("show", ("nosuch:1b",), {}),
            ("delete", ("nosuch:1b",), {}), ("copy", ("nosuch:1b", "other:1b"), {}),
            ("create", ("made:1b",), {}),
        ]
        own = Sync("own", lambda: ollama.Client(host=setup.runners[0].url, timeout=30))
        for method, arguments, named in calls:
            ours, runners = (
                error_of(lambda: who(method, *arguments, **named), ollama.ResponseError) for who in (face, own))
            expect(
                (ours.status_code, ours.error) == (runners.status_code, runners.error),
                f"{method}{arguments}: {ours.status_code} {ours.error}, the runner: {runners.status_code} {runners.error}")
        return f"{len(calls)} calls that must fail give a runner's own status and words"

    def systemone() -> str:
        question = {"team": {"type": "choice", "instructions": "Who?", "criteria": {"a": None, "b": None}}}
        answer, by = setup.served("/v1/systemone", lambda: face("systemone", MODEL, "It is broken.", question))
        expect(answer.answers["team"].choice in ("a", "b"), f"{answer}")
        return f"{answer.answers['team'].choice}, by {by}"

    report.check("what must fail", as_the_runner)
    report.check("systemone", systemone)
