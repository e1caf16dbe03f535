# SPDX-License-Identifier: MIT
"""Runners that die: a whole Ollama between and under requests, and its model process in mid-answer."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from typing import Iterator

import ollama as ollama_package
import openai

from report import Report, expect, one_line, wait_until
from servers import MODEL, Gateway, Ollama, at_work, get_json
from wire import ENDLESS, CurlResult, Exchange, chat, curl, endless_chat, post


def ask(gateway: Gateway, number: int) -> tuple[int, str | None, str]:
    """Status 0 and the reason instead of an id: no answer."""
    body = chat(f"What is {number} plus 1?", stream=False, num_predict=30)
    try:
        status, _, runner, request_id = post(gateway.url, "/api/chat", body)
    except (OSError, http.client.HTTPException) as error:
        return 0, None, repr(error)
    return status, runner, request_id


def several(gateway: Gateway, count: int) -> tuple[list[threading.Thread], list[tuple[int, str | None, str]]]:
    answers: list[tuple[int, str | None, str]] = []
    threads = [threading.Thread(target=lambda n=n: answers.append(ask(gateway, n))) for n in range(count)]
    for thread in threads:
        thread.start()
    return threads, answers


def answers_again(gateway: Gateway, runner: int) -> None:
    """Asks two at once until `runner` is one that answers: alone it might not be chosen, as one that has the model
    loaded is preferred while it is free."""

    def is_chosen() -> bool:
        threads, answers = several(gateway, 2)
        for thread in threads:
            thread.join(120)
        expect([status for status, _, _ in answers] == [200, 200], f"afterwards: {answers}")
        return str(runner) in [chosen for _, chosen, _ in answers]

    wait_until(is_chosen, 60, f"an answer from runner {runner}")


def last_line(body: bytes) -> str:
    return (body.strip().splitlines() or [b""])[-1].decode(errors="replace")


def check_dead_ollama(report: Report, gateway: Gateway, ollamas: list[Ollama]) -> None:
    victim = ollamas[1]

    def killed_under_requests() -> str:
        threads, answers = several(gateway, 6)
        wait_until(lambda: len(answers) >= 1, 60, "the first of 6 answers", every=0.02)
        victim.kill_group()
        for thread in threads:
            thread.join(120)
        expect([status for status, _, _ in answers] == [200] * 6, f"answers {answers}")
        moved = sum(gateway.record(request_id).get("moves", 0) > 0 for _, _, request_id in answers)
        expect(moved, "none of the 6 was at the killed runner, so this showed nothing")
        return f"6 of 6 answered, {moved} of them moved from the killed runner to the other"

    def next_requests() -> str:
        answers = [ask(gateway, number) for number in range(6)]
        expect([(status, runner) for status, runner, _ in answers] == [(200, "0")] * 6, f"answers {answers}")
        slowest = max(gateway.record(request_id)["ms"] for _, _, request_id in answers)
        return f"6 of 6 on runner 0, the slowest in {slowest} ms"

    def lists() -> str:
        names = [model["name"] for model in get_json(f"{gateway.url}/api/tags")["models"]]
        expect(names == [MODEL], f"tags: {names}")
        took = wait_until(lambda: gateway.usable_runners == 1, 30, "readyz with one usable runner")
        names = [model["name"] for model in get_json(f"{gateway.url}/api/tags")["models"]]
        expect(names == [MODEL], f"tags, once the runner is out: {names}")
        return f"{names} before and after the runner was out of rotation (waited {took:.1f} s for that)"

    def comes_back() -> str:
        since, seen = time.monotonic(), victim.requests_seen("/api/chat")
        victim.start()
        wait_until(lambda: gateway.usable_runners == 2, 90, "readyz with two usable runners")
        usable = time.monotonic() - since
        answers_again(gateway, 1)
        answered = time.monotonic() - since
        seen = victim.requests_seen("/api/chat") - seen
        return f"in rotation {usable:.1f} s after its start, answered after {answered:.1f} s, {seen} chats in its log"

    report.section("one Ollama is killed and comes back")
    report.check("killed while 6 plain chats are under way", killed_under_requests)
    report.check("the next requests go to the other", next_requests)
    report.check("lists keep the model", lists)
    report.check("started again, it takes traffic again", comes_back)


def check_dead_model_process(report: Report, gateway: Gateway, ollamas: list[Ollama]) -> None:
    def kill_model_process(runner: int) -> None:
        pid = ollamas[runner].model_runner
        expect(pid, f"runner {runner} has no model process")
        os.kill(pid, signal.SIGKILL)

    def directly() -> str:
        """What the runner does, so that the next checks are known to show the gateway's doing."""
        with Exchange(ollamas[0].url, "/api/chat", endless_chat()) as exchange:
            for _ in range(5):
                exchange.line()
            kill_model_process(0)
            rest = exchange.read()
        expect(b'"error"' in rest and b'"done":true' not in rest, f"its last line: {rest.splitlines()[-1]!r}")
        wait_until(lambda: ollamas[0].model_runner is None, 10, "the end of the model process")
        ollamas[0].load_model()
        return "Ollama itself ends its 200 cleanly, with an error line and no done:true"

    def cut(path: str, body: dict) -> str:
        with Exchange(gateway.url, path, body) as exchange:
            for _ in range(5):
                expect(exchange.line(), "the stream ended by itself")
            runner = int(exchange.runner or -1)
            kill_model_process(runner)
            try:
                rest = exchange.read()
            except (http.client.IncompleteRead, ConnectionError) as error:
                how = type(error).__name__
                partial = getattr(error, "partial", b"")
            else:
                expect(False, f"the client saw a clean end: {rest[-200:]!r}")
        record = gateway.record(exchange.id)
        answers_again(gateway, runner)
        told = one_line(last_line(partial), 120)
        return f"runner {runner}: {how} behind “{told}”; logged {record['status']}; the runner serves again"

    def kill_the_one_at_work() -> int:
        found: list[Ollama] = []
        wait_until(lambda: found.extend(at_work(ollamas)) or found, 20, "a runner at work")
        kill_model_process(found[0].index)
        return found[0].index

    def curl_sees() -> str:
        results: list[CurlResult] = []
        client = threading.Thread(target=lambda: results.append(curl(gateway.url, "/api/chat", endless_chat())))
        client.start()
        runner = kill_the_one_at_work()
        client.join(30)
        expect(results and results[0].status == 200, f"no answer, or another than 200: {results}")
        result = results[0]
        expect(result.exit_status == 18, f"curl exit {result.exit_status} after {result.body[-200:]!r}")
        answers_again(gateway, runner)
        return f"runner {runner}: exit 18 (partial file); its last line: {one_line(last_line(result.body), 120)}"

    def ollama_package_sees() -> str:
        client = ollama_package.Client(host=gateway.url, timeout=60)
        return raises(client.chat(MODEL, messages, stream=True, options=ENDLESS))

    def openai_package_sees() -> str:
        client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="unused", timeout=60, max_retries=0)
        return raises(client.chat.completions.create(model=MODEL, messages=messages, max_tokens=1500, stream=True))

    def raises(stream: Iterator) -> str:
        for _ in range(5):
            next(stream)
        runner = kill_the_one_at_work()
        try:
            for _ in stream:
                pass
        except Exception as error:  # noqa: BLE001: which one is the library's affair
            answers_again(gateway, runner)
            return f"{type(error).__name__}: {error}"
        expect(False, "it ended without an exception")
        return ""

    messages = endless_chat()["messages"]
    report.section("a model process is killed in mid-answer")
    report.check("directly, for comparison", directly)
    report.check("/api/chat is cut", lambda: cut("/api/chat", endless_chat()))
    report.check("/v1/chat/completions is cut", lambda: cut(
        "/v1/chat/completions", {"model": MODEL, "stream": True, "max_tokens": 1500, "messages": messages}))
    report.check("curl sees it", curl_sees)
    report.check("the ollama package raises", ollama_package_sees)
    report.check("the openai package raises", openai_package_sees)
