# SPDX-License-Identifier: MIT
"""Answers as they come over the wire: piece by piece, and the runner's own bytes."""

from __future__ import annotations

import os
import re
import signal
import statistics
import threading
from datetime import datetime

from report import Report, expect, wait_until
from servers import MODEL, Gateway, Ollama, at_work
from wire import CurlResult, Exchange, chat, curl, post

# What no two answers share, and what the gateway adds.
VARYING = re.compile(rb'"(created_at|created|id|[a-z_]*_duration)":("[^"]*"|\d+)')
OURS = {"x-dmr-runner", "x-request-id"}


def check_streams(report: Report, gateway: Gateway, ollamas: list[Ollama]) -> None:
    def token_by_token() -> str:
        result = curl(gateway.url, "/api/chat", chat("Tell me about rivers.", num_predict=60))
        lines = result.body.splitlines()
        expect(result.headers.get("content-type") == "application/x-ndjson", f"headers {result.headers}")
        return arrival(result, len(lines))

    def events() -> str:
        body = {"model": MODEL, "stream": True, "max_tokens": 60, "messages": chat("Tell me about rivers.")["messages"]}
        result = curl(gateway.url, "/v1/chat/completions", body)
        expect(result.headers.get("content-type") == "text/event-stream", f"headers {result.headers}")
        expect(result.body.endswith(b"data: [DONE]\n\n"), f"it ends with {result.body[-40:]!r}")
        return arrival(result, result.body.count(b"data: "))

    report.section("on the wire, with curl")
    report.check("a chat arrives token by token", token_by_token)
    report.check("events of /v1 arrive token by token", events)
    question = chat("What is a gateway?", num_predict=50, temperature=0, seed=1)
    same_bytes(report, gateway, ollamas, "/api/chat", question)
    same_bytes(report, gateway, ollamas, "/api/chat", {**question, "stream": False})
    same_bytes(report, gateway, ollamas, "/api/generate", {
        "model": MODEL, "prompt": "Why?", "options": {"num_predict": 50, "temperature": 0, "seed": 1}})
    same_bytes(report, gateway, ollamas, "/v1/chat/completions", {
        "model": MODEL, "stream": True, "messages": question["messages"],
        "max_tokens": 50, "temperature": 0, "seed": 1})
    same_bytes(report, gateway, ollamas, "/api/embed", {"model": MODEL, "input": "a cat"})
    report.check("a last line of over 8 KB in one read is a whole answer", lambda: long_last_line(gateway, ollamas))


def arrival(result: CurlResult, pieces: int) -> str:
    expect((result.exit_status, result.status) == (0, 200), f"curl {result.exit_status}, status {result.status}")
    times = [at for at, _ in result.reads]
    gaps = [later - earlier for earlier, later in zip(times, times[1:])]
    # A busy machine may let two tokens fall into one read; one that gathers them is far below half.
    expect(len(times) >= pieces / 2 and pieces > 10, f"{pieces} pieces came in {len(times)} reads")
    gap = statistics.median(gaps)
    return f"{pieces} pieces in {len(times)} reads, first at {times[0]:.2f} s, then every {gap * 1000:.0f} ms (median)"


def same_bytes(report: Report, gateway: Gateway, ollamas: list[Ollama], path: str, body: dict) -> None:
    streamed = body.get("stream", path in ("/api/chat", "/api/generate"))

    def compare() -> str:
        # Once unmeasured everywhere, so that every measured answer begins with the prompt in the runner's cache: the
        # first evaluation of a prompt may round differently.
        for ollama in ollamas:
            post(ollama.url, path, body)
        ours = curl(gateway.url, path, body)
        runner = int(ours.headers.get("x-dmr-runner", "-1"))
        expect(runner in (0, 1), f"status {ours.status}, no X-DMR-Runner: {ours.body[:200]!r}")
        own = curl(ollamas[runner].url, path, body)
        expect(ours.exit_status == own.exit_status == 0, f"curl {ours.exit_status} and {own.exit_status}")
        expect(ours.status == own.status, f"status {ours.status}, the runner's own {own.status}")
        plain, expected = VARYING.sub(rb'"\1":0', ours.body), VARYING.sub(rb'"\1":0', own.body)
        expect(plain == expected, f"{plain[:200]!r}… is not {expected[:200]!r}…")
        names = set(ours.headers) - OURS
        expect(names == set(own.headers), f"headers {sorted(names)}, the runner's own {sorted(own.headers)}")
        for name in ("content-type", "transfer-encoding"):
            expect(ours.headers.get(name) == own.headers.get(name), f"{name}: {ours.headers.get(name)}")
        return f"{len(plain)} bytes from runner {runner}, same headers"

    kind = "streamed" if streamed else "plain"
    report.check(f"{path}, {kind}, is the runner's own bytes but for times and ids", compare)


def long_last_line(gateway: Gateway, ollamas: list[Ollama]) -> str:
    """The last line of generate ends with the conversation's tokens, far behind its `"done":true`. The gateway is held
    until the runner has sent all of its answer, as if the machine were busy, and so finds it in few reads."""
    digits = " ".join("0123456789"[i * 7 % 10] for i in range(640))
    body = {"model": MODEL, "prompt": digits, "options": {"num_predict": 4}}
    before = [ollama.requests_seen("/api/generate") for ollama in ollamas]
    result: list[CurlResult] = []
    client = threading.Thread(target=lambda: result.append(curl(gateway.url, "/api/generate", body)))

    def runner_has_answered() -> bool:
        return [ollama.requests_seen("/api/generate") for ollama in ollamas] != before

    client.start()
    wait_until(lambda: at_work(ollamas), 10, "a runner begins with the prompt")
    os.kill(gateway.pid, signal.SIGSTOP)
    try:
        wait_until(runner_has_answered, 60, "the runner's answer")
    finally:
        os.kill(gateway.pid, signal.SIGCONT)
    client.join(30)
    expect(result, "no answer in 30 s")
    longest = max(map(len, result[0].body.splitlines()), default=0)
    expect(result[0].exit_status == 0, f"curl exit {result[0].exit_status} after a last line of {longest} bytes")
    expect(longest > 8192, f"the last line has only {longest} bytes, so this showed nothing")
    return f"last line of {longest} bytes"


def expect_one_at_a_time(records: list[dict]) -> None:
    """By the access log, whose lines tell when an exchange ended, how long it took, and how much of that it waited."""
    spans = []
    for record in records:
        ended = datetime.fromisoformat(record["time"].replace("Z", "+00:00")).timestamp() * 1000
        spans.append((ended - record["ms"] + record.get("queued_ms", 0), ended))
    spans.sort()
    for (_, ended), (began, _) in zip(spans, spans[1:]):
        # Each figure is rounded to a millisecond.
        expect(began > ended - 5, f"two at once at runner {records[0]['runner']} for {ended - began:.0f} ms")


def check_queue(report: Report, gateway: Gateway) -> None:
    """`gateway` allows each runner one request at a time."""

    def eight_at_once() -> str:
        answers: list[tuple[int, str, str]] = []

        def ask(number: int) -> None:
            body = chat(f"What is {number} times {number}?", stream=number % 2 == 0, num_predict=25)
            with Exchange(gateway.url, "/api/chat", body) as exchange:
                text = exchange.read()
                whole = exchange.status == 200 and b'"done":true' in text
                answers.append((exchange.status if whole else 0, exchange.runner or "", exchange.id))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        expect([status for status, _, _ in answers] == [200] * 8, f"answers {answers}")
        runners = [runner for _, runner, _ in answers]
        expect(set(runners) == {"0", "1"}, f"runners {runners}")
        records = [gateway.record(request_id) for _, _, request_id in answers]
        waits = sorted(record.get("queued_ms", 0) for record in records)
        expect(sum(wait >= 50 for wait in waits) >= 6, f"at least 6 of 8 had to wait, in the log {waits} ms")
        for runner in (0, 1):
            expect_one_at_a_time([record for record in records if record["runner"] == runner])
        split = f"{runners.count('0')} by runner 0, {runners.count('1')} by runner 1, one at a time"
        return f"{split}; waited {waits} ms in the gateway"

    report.section("8 chats at once, max_inflight 1")
    report.check("all are answered, by both runners, and wait in the gateway", eight_at_once)
