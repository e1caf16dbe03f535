# SPDX-License-Identifier: MIT
"""The real `ollama` command, with OLLAMA_HOST naming the gateway."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from report import Report, expect, one_line
from servers import MODEL, Gateway, Ollama


class Command:
    def __init__(self, program: Path, gateway: Gateway) -> None:
        self.program = program
        self.env = {
            **os.environ, "HOME": str(gateway.folder), "OLLAMA_HOST": f"127.0.0.1:{gateway.port}", "TERM": "dumb"}

    def __call__(self, *arguments: str, text: str = "") -> str:
        done = subprocess.run(
            [self.program, *arguments], env=self.env, input=text, capture_output=True, text=True, timeout=120)
        expect(done.returncode == 0, f"status {done.returncode}: {without_escapes(done.stdout + done.stderr)}")
        return without_escapes(done.stdout)


def without_escapes(text: str) -> str:
    """It moves the cursor even where there is no terminal."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def check_cli(report: Report, gateway: Gateway, ollamas: list[Ollama]) -> None:
    command = Command(ollamas[0].program, gateway)

    def version() -> str:
        # The gateway always says N.N.N; this Ollama's own version has a suffix, so the command remarks a difference.
        told = command("--version")
        expect("ollama version is 0.5.4" in told, told)
        return one_line(told)

    def lists() -> str:
        rows = command("list").splitlines()
        expect(len(rows) == 2 and rows[1].startswith(MODEL), f"{rows}")
        return one_line(rows[1])

    def ps() -> str:
        rows = command("ps").splitlines()
        expect(len(rows) == 2 and rows[1].startswith(MODEL), f"{rows}")
        return one_line(rows[1])

    def show() -> str:
        shown = command("show", MODEL)
        expect("gemma3" in shown and "Q4_K_M" in shown, shown)
        return one_line(shown)

    def run() -> str:
        said = command("run", MODEL, "Name three colours.")
        expect(said.strip(), "it printed nothing")
        return f"“{one_line(said)}”"

    def run_piped() -> str:
        said = command("run", MODEL, text="Name a river in Europe.\n")
        expect(said.strip(), "it printed nothing")
        return f"“{one_line(said)}”"

    def nothing_missing() -> str:
        records = gateway.records()
        missing = sorted({record["route"] for record in records if record["status"] in (405, 501)})
        expect(not missing, f"the clients asked for what is not served: {missing}")
        return f"none of {len(records)} requests so far got 405 or 501"

    report.section("the ollama command")
    report.check("ollama --version", version)
    report.check("ollama list", lists)
    report.check("ollama ps", ps)
    report.check("ollama show", show)
    report.check(f"ollama run {MODEL} “…”", run)
    report.check(f"… | ollama run {MODEL}", run_piped)
    report.check("all that the clients send is served", nothing_missing)
