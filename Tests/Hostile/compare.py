# SPDX-License-Identifier: MIT
"""Plays every case of the table to the gateway, to nginx and to HAProxy, and writes docs/hostile-input.md: where they
differ, and why. See scripts/test-hostile."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import tomllib
from pathlib import Path

sys.dont_write_bytecode = True

from servers import HERE, Server, cases, find, version  # noqa: E402
from wire import Outcome, play  # noqa: E402

PEERS = ["nginx", "haproxy"]
TITLES = {"nginx": "nginx", "haproxy": "HAProxy"}
# Cases at the same time, per program.
PLACES = 6


async def play_all(server: Server, table: list[dict]) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    rest = iter(table)

    async def work(port: int, runner) -> None:
        for case in rest:
            outcomes[case["name"]] = await play(port, runner, case)

    await asyncio.gather(*(work(port, runner) for port, runner in server.places))
    return outcomes


def expected(case: dict) -> Outcome:
    return Outcome(
        statuses=case["statuses"],
        then="closes" if case["closes"] else "goes on",
        reached=[f"POST {request['path']} {request['body']}" for request in case["reaches"]],
    )


def differ(ours: Outcome, theirs: Outcome) -> bool:
    if ours.statuses != theirs.statuses or ours.then != theirs.then:
        return True
    return bool(ours.reached) and ours.reached != theirs.reached


class Reasons:
    """Why a peer's outcome is another one than ours: data, in reasons.toml."""

    def __init__(self) -> None:
        self.list = tomllib.loads((HERE / "reasons.toml").read_text())["reason"]
        for reason in self.list:
            reason["text"] = " ".join(reason["text"].split())
        self.of: dict[tuple[str, str], str] = {}
        # Differences that are not there each time: the answer races with what is wrong.
        self.sometimes: set[tuple[str, str]] = set()
        for reason in self.list:
            for peer in PEERS:
                for name in reason.get(peer, []) + reason.get("both", []) + reason.get(f"{peer}_sometimes", []):
                    if (peer, name) in self.of:
                        raise SystemExit(f"reasons.toml: {peer}, '{name}' has two reasons")
                    self.of[peer, name] = reason["text"]
                    if name in reason.get(f"{peer}_sometimes", []):
                        self.sometimes.add((peer, name))


def cell(ours: Outcome, theirs: Outcome) -> str:
    if not differ(ours, theirs):
        return "the same"
    to_runner = theirs.to_runner()
    return theirs.text() + (f"; the runner gets {to_runner}" if to_runner else "")


def escape(text: str) -> str:
    shown = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
    if len(shown) > 150:
        shown = shown[:80] + "…"
    return shown.replace("|", "\\|").replace("<", "&lt;")


RACE = "the same, or the runner has answered before it was noticed"


def document(table: list[dict], outcomes: dict[str, dict[str, Outcome]], reasons: Reasons) -> str:
    differing = {peer: [name for whose, name in reasons.of if whose == peer] for peer in PEERS}
    lines = [
        "# Hostile input: where we and others differ",
        "",
        *wrapped(
            f"Written by `scripts/test-hostile`: {len(table)} requests as raw bytes (`Tests/Hostile/Cases`), each sent to"
            f" the gateway, to {version('nginx')} and to {version('haproxy')} in their default strictness, in front of a"
            " runner that records what reaches it. A plain request follows on the same connection and shows whether it"
            " *goes on*, *closes*, or *waits*, since more of the request before is expected. Status 0 is an answer"
            " without a head."
        ),
        "",
        *wrapped(
            f"nginx does something else in {len(differing['nginx'])} cases, HAProxy in {len(differing['haproxy'])}. Each"
            " has its reason here; a difference without one, or a reason without a difference, fails the run."
        ),
        "",
    ]
    by_name = {case["name"]: case for case in table}
    for reason in reasons.list:
        names = [
            case["name"] for case in table
            if any(reasons.of.get((peer, case["name"])) == reason["text"] for peer in PEERS)
        ]
        lines += [f"## {reason['title']}", "", *wrapped(reason["text"]), ""]
        lines += ["| case | gateway | nginx | HAProxy |", "|---|---|---|---|"]
        for name in names:
            ours = expected(by_name[name])
            cells = []
            for peer in PEERS:
                if (peer, name) in reasons.sometimes:
                    cells.append(RACE)
                elif reasons.of.get((peer, name)) in (reason["text"], None):
                    cells.append(cell(ours, outcomes[peer][name]))
                else:
                    cells.append("see elsewhere")
            lines.append(f"| {escape(name)} | {ours.text()} | {escape(cells[0])} | {escape(cells[1])} |")
        lines.append("")
    return "\n".join(lines)


def wrapped(text: str) -> list[str]:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > 120:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return lines + [line]


async def run(options: argparse.Namespace, folder: Path) -> int:
    table = cases(options.cases)
    reasons = Reasons()
    servers = [Server("gateway", folder)] + [Server(peer, folder) for peer in PEERS]
    try:
        for server in servers:
            await server.start(PLACES, options.gateway.absolute() if server.name == "gateway" else None)
        results = await asyncio.gather(*(play_all(server, table) for server in servers))
        outcomes = {server.name: result for server, result in zip(servers, results)}
    finally:
        for server in servers:
            server.stop()
    return verdict(options, table, outcomes, reasons)


def verdict(options, table: list[dict], outcomes: dict[str, dict[str, Outcome]], reasons: Reasons) -> int:
    failed = 0

    def complain(text: str) -> None:
        nonlocal failed
        failed += 1
        print(f"FAILED: {text}", file=sys.stderr)

    unused = dict(reasons.of)
    for case in table:
        name, ours = case["name"], expected(case)
        seen = outcomes["gateway"][name]
        if (seen.statuses, seen.then, seen.reached) != (ours.statuses, ours.then, ours.reached):
            complain(f"'{name}': the gateway does {seen}, the table says {ours}")
        for peer in PEERS:
            theirs = outcomes[peer][name]
            reason = unused.pop((peer, name), None)
            if differ(ours, theirs) and reason is None:
                complain(f"{peer}\t{name}\tours: {ours.text()}\ttheirs: {cell(ours, theirs)}\tno reason")
            if not differ(ours, theirs) and reason is not None and (peer, name) not in reasons.sometimes:
                complain(f"{peer}\t{name}\ta reason, but no difference: {theirs.text()}")
    for peer, name in unused:
        complain(f"reasons.toml: {peer}, '{name}': no such case")
    text = document(table, outcomes, reasons)
    before = options.document.read_text() if options.document.exists() else ""
    if not failed and text != before:
        options.document.write_text(text)
        complain(f"{options.document} was out of date and has been rewritten: look at it and commit it")
    print(f"{len(table) * 3 - failed} passed, {failed} failed")
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/test-hostile", description=__doc__)
    parser.add_argument("--gateway", type=Path, required=True)
    parser.add_argument("--cases", type=Path, required=True, help="the program that prints the table")
    parser.add_argument("--document", type=Path, required=True)
    options = parser.parse_args()
    missing = [TITLES[peer] for peer in PEERS if find(peer) is None]
    if missing:
        print(f"test-hostile: the comparison is skipped: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed (on Debian: apt-get install nginx haproxy)")
        return 0
    written = options.document.read_text() if options.document.exists() else ""
    for peer in PEERS:
        if written and version(peer) not in " ".join(written.split()):
            print(f"test-hostile: the comparison is skipped: {options.document} is about another version than "
                  f"{version(peer)}; remove it to have it written anew")
            return 0
    with tempfile.TemporaryDirectory(prefix="dmr-hostile-") as folder:
        return asyncio.run(run(options, Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
