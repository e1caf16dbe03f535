# SPDX-License-Identifier: MIT
"""Runs every check against real Ollamas: see scripts/test-real, which installs what this needs."""

from __future__ import annotations

import argparse
import atexit
import fcntl
import hashlib
import json
import re
import shutil
import signal
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True

from cli import check_cli, check_cli_management, check_cli_under_prefix  # noqa: E402
from failures import check_dead_model_process, check_dead_ollama  # noqa: E402
from management import check_management  # noqa: E402
from progress import check_progress  # noqa: E402
from python_clients import check_ollama_package, check_ollama_package_manages, check_openai_package  # noqa: E402
from report import Failed, Report, expect  # noqa: E402
from servers import Gateway, Ollama, forget_environment, stop_all  # noqa: E402
from stop import check_stop  # noqa: E402
from streams import check_queue, check_streams  # noqa: E402

# Far above a whole run on two busy cores (3 minutes); a hang must end, too.
LONGEST_RUN = 1200


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/test-real", description=__doc__)
    parser.add_argument("--gateway", type=Path, required=True, help="the binary to test")
    parser.add_argument("--work", type=Path, required=True, help="where install.py put everything")
    options = parser.parse_args()
    if shutil.which("curl") is None:
        sys.exit("test-real: needs curl on the PATH")
    forget_environment()
    # What install.py puts there is shared.
    lock = (options.work / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"test-real: another run uses {options.work}; wait for it, or set DMR_REAL_DIR to another folder")
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=options.work))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"test-real: not done in {LONGEST_RUN} s; logs: {folder}"))
    signal.alarm(LONGEST_RUN)
    atexit.register(stop_all)
    try:
        status = run(options.gateway.absolute(), options.work, folder)
    except Failed as failure:
        sys.exit(f"test-real: {failure}; logs: {folder}")
    except KeyboardInterrupt:
        sys.exit(f"test-real: interrupted; logs: {folder}")
    stop_all()
    if status == 0:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"logs: {folder}", file=sys.stderr)
    return status


def run(program: Path, work: Path, folder: Path) -> int:
    report = Report()
    ollamas = [Ollama(index, work, folder) for index in range(2)]
    digest = sha256_of(ollamas[0].weights)
    for ollama in ollamas:
        ollama.link_weights(digest)
        ollama.start()
        ollama.create_model()
        ollama.load_model()
    runners = [argument for ollama in ollamas for argument in ("--runner", ollama.url)]
    gateway = Gateway("main", program, folder)
    gateway.start(*runners)
    print(f"# two Ollamas 0.5.4 with Gemma 3 270M, {program.name} in front, all on 127.0.0.1", flush=True)

    check_ollama_package(report, gateway, ollamas)
    check_openai_package(report, gateway)
    check_cli(report, gateway, ollamas)
    check_management(report, gateway, ollamas)
    check_ollama_package_manages(report, gateway, ollamas)
    check_cli_management(report, gateway, ollamas)
    check_cli_under_prefix(report, gateway, ollamas)
    check_progress(report, program, folder, ollamas[0].program)
    check_streams(report, gateway, ollamas)
    one_each = Gateway("one-each", program, folder)
    one_each.start_with_file({"runners": [{"url": ollama.url, "max_inflight": 1} for ollama in ollamas]})
    check_queue(report, one_each)
    report.check("it stops when told to", lambda: stops(one_each))
    check_stop(report, gateway, ollamas)
    check_dead_ollama(report, gateway, ollamas)
    check_dead_model_process(report, gateway, ollamas)
    report.section("afterwards")
    report.check("both runners worked", lambda: both_worked(gateway, ollamas))
    report.check("the gateway stops when told to", lambda: stops(gateway))
    report.check("the log is JSON and holds no prompt", lambda: log_is_clean(gateway))
    return report.finish()


def sha256_of(file: Path) -> str:
    sum_ = hashlib.sha256()
    with file.open("rb") as content:
        while piece := content.read(1 << 20):
            sum_.update(piece)
    return sum_.hexdigest()


def both_worked(gateway: Gateway, ollamas: list[Ollama]) -> str:
    inference = re.compile(r"^/api/(chat|generate|embed|embeddings)$|^/v1/(chat/)?(completions|embeddings)$")
    served = [record for record in gateway.records() if inference.match(record["route"])]
    counts = [sum(record.get("runner") == ollama.index for record in served) for ollama in ollamas]
    own = [ollama.requests_seen("/") for ollama in ollamas]
    expect(all(counts) and all(own), f"requests by runner {counts}; POSTs in the Ollamas' own logs {own}")
    return f"inference requests by runner {counts}; POSTs in the Ollamas' own logs {own}"


def stops(gateway: Gateway) -> str:
    status = gateway.stop()
    expect(status == 0, f"exit status {status}")
    return "exit status 0 on SIGTERM"


def log_is_clean(gateway: Gateway) -> str:
    text = gateway.access_log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    for prompt in ("sky blue", "capital of France", "Count from 1", "Still there"):
        expect(prompt not in text, f"the log holds a prompt: {prompt}")
    levels = {level: sum(line["level"] == level for line in lines) for level in ("info", "warning", "error")}
    return f"{len(lines)} lines, {levels}"


if __name__ == "__main__":
    sys.exit(main())
