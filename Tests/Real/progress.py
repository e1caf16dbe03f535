# SPDX-License-Identifier: MIT
"""`ollama pull` and `push` where the progress of several runners becomes one: simulated runners stand in for a registry."""

from __future__ import annotations

import re
from pathlib import Path

from cli import Command, without_escapes
from report import Report, expect, one_line, wait_until
from servers import Gateway, SimulatedRunner

# A bar as the command draws it: `pulling 0123456789ab...  25% ▕████      ▏ 200 KB`.
BAR = re.compile(r"(pulling|pushing) ([0-9a-f]{12})\.\.\.\s+(\d+)%")


def bars(shown: str) -> dict[str, list[int]]:
    """Per layer the percentages in the order in which they were drawn."""
    found: dict[str, list[int]] = {}
    for _, layer, percent in BAR.findall(shown):
        found.setdefault(layer, []).append(int(percent))
    return found


def check_progress(report: Report, program: Path, folder: Path, ollama: Path) -> None:
    quick, slow = (SimulatedRunner(name, program, folder) for name in ("quick", "slow"))
    broken, dead = (SimulatedRunner(name, program, folder) for name in ("broken", "dead"))
    quick.start("--model", "demo", "--progress", "5")
    slow.start("--model", "demo", "--progress", "250")
    broken.start("--model", "demo", "--fault", "fails-at-layer=1")
    dead.start("--model", "demo")

    def gateway(name: str, *runners: SimulatedRunner) -> Gateway:
        made = Gateway(name, program, folder)
        made.start(*(argument for runner in runners for argument in ("--runner", runner.url)))
        return made

    both, one_fails = gateway("progress", quick, slow), gateway("progress-broken", quick, broken)
    one_dead = gateway("progress-dead", quick, dead)

    def pull() -> str:
        done = Command(ollama, both).run("pull", "new:1b")
        shown = without_escapes(done.stdout + done.stderr)
        expect(done.returncode == 0, f"status {done.returncode}: {shown}")
        drawn = bars(shown)
        expect(len(drawn) == 2, f"two layers were pulled, drawn were {list(drawn)}")
        for layer, percents in drawn.items():
            expect(percents == sorted(percents), f"{layer} went back: {percents}")
            expect(percents[-1] == 100, f"{layer} ended at {percents[-1]} %")
        # The slow one sets the pace: were it not waited for, nobody would see the layer half done.
        expect(any(set(percents) - {0, 100} for percents in drawn.values()), f"no bar moved: {drawn}")
        words = ["pulling manifest", "verifying sha256 digest", "writing manifest", "success"]
        expect(all(word in shown for word in words), one_line(shown, 300))
        expect("new:1b" in quick.names and "new:1b" in slow.names, f"{quick.names} {slow.names}")
        return f"two bars, {[sorted(set(percents)) for percents in drawn.values()]}, then success"

    def pull_again() -> str:
        """Everything is there: each bar is full as soon as the slow one has said so."""
        done = Command(ollama, both).run("pull", "new:1b")
        shown = without_escapes(done.stdout + done.stderr)
        expect(done.returncode == 0 and "success" in shown, f"status {done.returncode}: {shown}")
        expect(bars(shown) and all(set(percents) <= {0, 100} for percents in bars(shown).values()), f"{bars(shown)}")
        expect(all(percents[-1] == 100 for percents in bars(shown).values()), f"{bars(shown)}")
        return "full bars, success"

    def pull_fails() -> str:
        done = Command(ollama, one_fails).run("pull", "other:1b")
        shown = without_escapes(done.stdout + done.stderr)
        expect(done.returncode != 0 and "success" not in shown, f"status {done.returncode}: {shown}")
        told = [line for line in done.stderr.splitlines() if "Error" in line]
        expect(told and f"runner 1 (127.0.0.1:{broken.port})" in told[-1], f"told: {told}")
        return one_line(told[-1], 200)

    def pull_without_the_dead() -> str:
        dead.stop()
        done = Command(ollama, one_dead).run("pull", "other:1b")
        shown = without_escapes(done.stdout + done.stderr)
        expect(done.returncode == 0 and "success" in shown, f"status {done.returncode}: {shown}")
        expect(f"runner 1 (127.0.0.1:{dead.port}) was skipped" in shown, one_line(shown, 300))
        return "success, and the dead runner is named"

    def push() -> str:
        done = Command(ollama, both).run("push", "demo")
        shown = without_escapes(done.stdout + done.stderr)
        expect(done.returncode == 0 and "success" in shown, f"status {done.returncode}: {shown}")
        asked: list[int | None] = []
        # The line is written in the turn after the answer's last byte.
        wait_until(
            lambda: asked.extend(r.get("runner") for r in both.records() if r["route"] == "/api/push") or asked, 5,
            "a line of the push in the access log")
        expect(len(asked) == 1 and asked[0] in (0, 1), f"asked: {asked}")
        return f"{len(bars(shown))} bars, by runner {asked[0]} alone"

    def push_unknown() -> str:
        done = Command(ollama, both).run("push", "nosuch")
        told = without_escapes(done.stderr).strip().splitlines()
        expect(done.returncode != 0 and told and "not found" in told[-1], f"{done.returncode}: {told}")
        return one_line(told[-1])

    report.section("the ollama command pulls and pushes, with simulated runners")
    report.check("ollama pull to two of different speed", pull)
    report.check("ollama pull of what is there", pull_again)
    report.check("ollama pull where one fails", pull_fails)
    report.check("ollama pull where one is dead", pull_without_the_dead)
    report.check("ollama push", push)
    report.check("ollama push of what nobody has", push_unknown)
    for process in (both, one_fails, one_dead, quick, slow, broken, dead):
        process.stop()
