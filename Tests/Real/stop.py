# SPDX-License-Identifier: MIT
"""Stop, as people press it: whoever stops listening must free the runner at once, seen at the runner itself."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import Callable

import openai

from cli import Command
from report import Report, expect, wait_until
from servers import MODEL, Gateway, Ollama, at_work, cpu_ticks
from watch import Watch, told_within
from wire import ENDLESS, Exchange, endless_chat


# Until Ollama itself has ended the request. Tens of milliseconds are one token, which it computes to its end.
NOTICED_WITHIN = 0.2


def check_stop(report: Report, gateway: Gateway, ollamas: list[Ollama]) -> None:
    def stopped_so_far() -> int:
        return sum(record["status"] == 499 for record in gateway.records())

    def stopped(begin: Callable[[], tuple[int, Callable[[], None]]], route: str) -> str:
        """`begin` starts a stream, gives the runner that answers and what ends it."""
        runner, stop = begin()
        pid = ollamas[runner].model_runner
        expect(pid, f"runner {runner} has no model process")
        before = cpu_ticks(pid)
        time.sleep(0.5)
        used = cpu_ticks(pid) - before
        expect(used > 10, f"runner {runner} used only {used * 10} ms CPU in 0.5 s, so it was not at work")
        ended = stopped_so_far()
        watch = Watch(ollamas[runner], route)
        time.sleep(0.1)
        moment = time.time()
        stop()
        figures = told_within(watch.after(moment), moment, NOTICED_WITHIN)
        wait_until(lambda: stopped_so_far() == ended + 1, 5, "a line with status 499 in the access log")
        return f"runner {runner} used {used * 10} ms CPU in 0.5 s before; {figures}; logged 499"

    def plain_socket() -> tuple[int, Callable[[], None]]:
        exchange = Exchange(gateway.url, "/api/chat", endless_chat())
        for _ in range(5):
            expect(exchange.line(), "the stream ended by itself")
        return int(exchange.runner or -1), exchange.close

    def openai_stream() -> tuple[int, Callable[[], None]]:
        client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="unused", timeout=60, max_retries=0)
        stream = client.chat.completions.create(
            model=MODEL, messages=endless_chat()["messages"], max_tokens=ENDLESS["num_predict"], stop=[], stream=True)
        for _ in range(5):
            next(stream)
        return int(stream.response.headers["x-dmr-runner"]), stream.close

    def command_line() -> tuple[int, Callable[[], None]]:
        command = Command(ollamas[0].program, gateway)
        process = subprocess.Popen(
            [command.program, "run", MODEL, "Count from 1 to 1000, one number at a time."], env=command.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

        found: list[Ollama] = []
        try:
            wait_until(lambda: found.extend(at_work(ollamas)) or found, 20, "a runner at work for `ollama run`")
        except BaseException:
            process.kill()
            raise

        def interrupt() -> None:
            os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=10)

        return found[0].index, interrupt

    report.section("Stop, seen at the runner")
    report.check("a closed connection", lambda: stopped(plain_socket, "/api/chat"))
    report.check("stream.close() of the openai package", lambda: stopped(openai_stream, "/v1/chat/completions"))
    report.check("Ctrl-C in ollama run", lambda: stopped(command_line, "/api/generate"))
