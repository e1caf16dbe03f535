# SPDX-License-Identifier: MIT
"""The real `ollama` command, with OLLAMA_HOST naming the gateway."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

from report import Report, expect, one_line
from servers import MODEL, Gateway, Ollama


class Command:
    def __init__(self, program: Path, gateway: Gateway, path: str = "") -> None:
        self.program = program
        host = f"http://127.0.0.1:{gateway.port}{path}" if path else f"127.0.0.1:{gateway.port}"
        self.env = {**os.environ, "HOME": str(gateway.folder), "OLLAMA_HOST": host, "TERM": "dumb"}

    def __call__(self, *arguments: str, text: str = "") -> str:
        done = self.run(*arguments, text=text)
        expect(done.returncode == 0, f"status {done.returncode}: {without_escapes(done.stdout + done.stderr)}")
        return without_escapes(done.stdout)

    def run(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.program, *arguments], env=self.env, input=text, capture_output=True, text=True, timeout=120)


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


def check_cli_management(report: Report, gateway: Gateway, ollamas: list[Ollama]) -> None:
    """What changes models: every command reaches both Ollamas."""
    command = Command(ollamas[0].program, gateway)

    def names() -> list[list[str]]:
        return [ollama.names for ollama in ollamas]

    def create() -> str:
        file = gateway.folder / "Modelfile-cli"
        file.write_text(f"FROM {ollamas[0].weights}\nPARAMETER num_predict 20\nSYSTEM Be brief.\n")
        done = command.run("create", "cli-made", "-f", str(file))
        shown = without_escapes(done.stdout + done.stderr)
        expect(done.returncode == 0 and "success" in shown, f"status {done.returncode}: {shown}")
        expect(all("cli-made:latest" in of_one for of_one in names()), f"{names()}")
        return "on both, by its blob and its Modelfile"

    def shows() -> str:
        shown = command("show", "cli-made", "--system") + command("show", "cli-made", "--parameters")
        expect("Be brief." in shown and re.search(r"num_predict\s+20", shown), shown)
        return one_line(shown)

    def copy() -> str:
        told = command("cp", "cli-made", "cli-copy")
        expect("copied 'cli-made' to 'cli-copy'" in told, told)
        expect(all("cli-copy:latest" in of_one for of_one in names()), f"{names()}")
        rows = [row.split()[0] for row in command("list").splitlines()[1:]]
        expect(sorted(rows) == ["cli-copy:latest", "cli-made:latest", MODEL], f"list: {rows}")
        return f"on both; list: {rows}"

    def run() -> str:
        said = command("run", "cli-copy", "Name a colour.")
        expect(said.strip(), "it printed nothing")
        return f"“{one_line(said)}”"

    def stop() -> str:
        began = time.monotonic()
        command("stop", "cli-copy")
        loaded = [ollama.loaded for ollama in ollamas]
        expect(not any("cli-copy:latest" in of_one for of_one in loaded), f"still loaded: {loaded}")
        rows = command("ps").splitlines()[1:]
        expect(not any(row.startswith("cli-copy") for row in rows), f"ps: {rows}")
        return f"gone from both and from ps after {time.monotonic() - began:.1f} s"

    def stop_unknown() -> str:
        done = command.run("stop", "nosuch")
        told = without_escapes(done.stderr)
        # It recognises our 404.
        expect(done.returncode != 0 and "couldn't find model \"nosuch\" to stop" in told, f"{done.returncode}: {told}")
        return one_line(told)

    def remove() -> str:
        told = command("rm", "cli-made", "cli-copy")
        expect(told.count("deleted") == 2, told)
        expect(names() == [[MODEL], [MODEL]], f"{names()}")
        return one_line(told)

    def remove_unknown() -> str:
        done = command.run("rm", "nosuch")
        told = without_escapes(done.stderr)
        expect(done.returncode != 0 and "not found" in told, f"{done.returncode}: {told}")
        return one_line(told)

    report.section("the ollama command changes models")
    report.check("ollama create -f Modelfile", create)
    report.check("ollama show --system, --parameters", shows)
    report.check("ollama cp, ollama list", copy)
    report.check("ollama run of the copy", run)
    report.check("ollama stop, ollama ps", stop)
    report.check("ollama stop of what nobody has", stop_unknown)
    report.check("ollama rm of two", remove)
    report.check("ollama rm of what nobody has", remove_unknown)


def check_cli_under_prefix(report: Report, gateway: Gateway, ollamas: list[Ollama]) -> None:
    """OLLAMA_HOST with a path: the surface of Open WebUI's router, which answers a few things differently."""
    command = Command(ollamas[0].program, gateway, "/docker-model-runner")

    def lists() -> str:
        rows = [row.split()[0] for row in command("list").splitlines()[1:] + command("ps").splitlines()[1:]]
        expect(rows == [MODEL, MODEL], f"list and ps: {rows}")
        return f"{rows}"

    def run() -> str:
        expect("gemma3" in command("show", MODEL), "show: another model")
        said = command("run", MODEL, "Name a colour.")
        expect(said.strip(), "it printed nothing")
        return f"“{one_line(said)}”"

    def changes() -> str:
        command("cp", MODEL, "prefix-copy")
        expect(all("prefix-copy:latest" in ollama.names for ollama in ollamas), "not on both")
        command("rm", "prefix-copy")
        expect([ollama.names for ollama in ollamas] == [[MODEL], [MODEL]], "still there")
        return "on both, from both"

    def unknown() -> str:
        done = command.run("run", "nosuch", "Hello")
        told = without_escapes(done.stderr).strip()
        expect(done.returncode != 0 and "model 'nosuch:latest' not found" in told, f"{done.returncode}: {told}")
        expect("pulling" not in told, f"it pulled: {told}")
        return f"no pull: {one_line(told)}"

    report.section("the ollama command under /docker-model-runner")
    report.check("ollama list, ollama ps", lists)
    report.check("ollama show, ollama run", run)
    report.check("ollama cp, ollama rm", changes)
    report.check("ollama run of what nobody has", unknown)
