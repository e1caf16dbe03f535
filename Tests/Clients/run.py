# SPDX-License-Identifier: MIT
"""Runs every check of scripts/test-clients, which installs what this needs."""

from __future__ import annotations

import argparse
import atexit
import os
import re
import shutil
import signal
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Real"))

from report import Failed, Report, expect  # noqa: E402
from servers import Gateway, forget_environment, stop_all  # noqa: E402

# Far above a whole run on two busy cores; a hang must end, too.
LONGEST_RUN = 300


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/test-clients", description=__doc__)
    parser.add_argument("--gateway", type=Path, required=True, help="the binary to test")
    parser.add_argument("--work", type=Path, required=True, help="where install.py put the packages")
    options = parser.parse_args()
    forget_environment()
    folder = Path(tempfile.mkdtemp(prefix="clients-", dir=options.work))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"test-clients: not done in {LONGEST_RUN} s; logs: {folder}"))
    signal.alarm(LONGEST_RUN)
    atexit.register(stop_all)
    try:
        status = run(options.gateway.absolute(), folder)
    except Failed as failure:
        sys.exit(f"test-clients: {failure}; logs: {folder}")
    except KeyboardInterrupt:
        sys.exit(f"test-clients: interrupted; logs: {folder}")
    stop_all()
    if status == 0:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"logs: {folder}", file=sys.stderr)
    return status


def run(program: Path, folder: Path) -> int:
    # After the environment is clean: the clients read theirs when they are imported.
    from anthropic_package import check_anthropic
    from calls import LONELY, MODEL, SECOND, Setup, Simulated
    from langchain_package import check_langchain
    from ollama_package import check_ollama
    from openai_package import check_openai

    report = Report()
    runners = [Simulated(index, program, folder) for index in range(2)]
    runners[0].start(MODEL, SECOND)
    runners[1].start(MODEL, SECOND, LONELY)
    gateway = Gateway("main", program, folder)
    gateway.start(*[argument for runner in runners for argument in ("--runner", runner.url)])
    setup = Setup(gateway, runners)
    print(f"# two simulated runners, {program.name} in front, all on 127.0.0.1", flush=True)

    check_ollama(report, setup)
    check_openai(report, setup)
    check_langchain(report, setup)
    check_anthropic(report, setup)
    report.section("afterwards")
    report.check("both runners worked", lambda: both_worked(gateway))
    report.check("the log holds no prompt and no answer", lambda: log_is_clean(gateway))
    report.check("the gateway stops when told to", lambda: stops(gateway))
    return report.finish()


def both_worked(gateway: Gateway) -> str:
    counts: dict[str, list[int]] = {}
    for record in gateway.records():
        if re.match(r"/v1/|/api/(chat|generate|embed)", record["route"]) and record["status"] == 200:
            if "runner" in record:
                counts.setdefault(record["route"], [0, 0])[record["runner"]] += 1
    # Two requests may well meet the same runner.
    idle = [route for route, count in counts.items() if sum(count) > 3 and not all(count)]
    expect(not idle and len(counts) >= 10, f"only one runner worked on {idle}; requests by route and runner: {counts}")
    return ", ".join(f"{route} {a}+{b}" for route, (a, b) in sorted(counts.items()))


def log_is_clean(gateway: Gateway) -> str:
    text = gateway.access_log.read_text()
    for word in ("Which city", "This answer", "It is broken", "Be short"):
        expect(word not in text, f"the log holds “{word}”")
    return f"{len(gateway.records())} requests"


def stops(gateway: Gateway) -> str:
    status = gateway.stop()
    expect(status == 0, f"exit status {status}")
    return "exit status 0 on SIGTERM"


if __name__ == "__main__":
    sys.exit(main())
