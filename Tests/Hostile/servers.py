# SPDX-License-Identifier: MIT
"""What stands between the client and the recording runners: the gateway, nginx and HAProxy, each in several places."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

from wire import RecordingRunner

HERE = Path(__file__).parent
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def find(program: str) -> str | None:
    return shutil.which(program, path=PATH)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Server:
    """A program with several places, each with a runner of its own, so that cases run side by side unmixed."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.processes: list[subprocess.Popen] = []
        self.places: list[tuple[int, RecordingRunner]] = []

    async def start(self, count: int, gateway: Path | None) -> None:
        runners = [RecordingRunner() for _ in range(count)]
        for runner in runners:
            await runner.start()
        ports = free_ports(count)
        if gateway is None:
            self.start_peer(ports, [runner.port for runner in runners])
        else:
            for port, runner in zip(ports, runners):
                self.start_gateway(gateway, port, runner.port)
        self.places = list(zip(ports, runners))
        for port in ports:
            await self.wait_for(port, is_gateway=gateway is not None)

    def run(self, arguments: list[str]) -> None:
        output = (self.folder / f"{self.name}.out").open("ab")
        environment = {"PATH": PATH, "HOME": str(self.folder), "SWIFT_BACKTRACE": "enable=no"}
        self.processes.append(
            subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
        )

    def start_gateway(self, binary: Path, port: int, runner: int) -> None:
        state = self.folder / f"state-{port}"
        self.run(
            [str(binary), "serve", "--listen", f"127.0.0.1:{port}", "--runner", f"http://127.0.0.1:{runner}"]
            + ["--state-dir", str(state), "--log-level", "warning"]
        )

    def start_peer(self, ports: list[int], runners: list[int]) -> None:
        template = (HERE / "peers" / f"{self.name}.conf").read_text()
        start, block, end = re.split(r"(?m)^ *# (?:begin|end) server\n", template)
        blocks = [
            block.replace("@PORT@", str(port)).replace("@RUNNER@", str(runner)) for port, runner in zip(ports, runners)
        ]
        file = self.folder / f"{self.name}.conf"
        file.write_text((start + "".join(blocks) + end).replace("@FOLDER@", str(self.folder)))
        program = find(self.name) or self.name
        if self.name == "nginx":
            self.run([program, "-p", str(self.folder), "-e", str(self.folder / "nginx-error.log"), "-c", str(file)])
        else:
            self.run([program, "-db", "-f", str(file)])

    async def wait_for(self, port: int, is_gateway: bool) -> None:
        end = time.monotonic() + 15
        while time.monotonic() < end:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                path = b"/api/tags" if is_gateway else b"/"
                writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                answer = await asyncio.wait_for(reader.read(), 5)
                writer.close()
                if answer.startswith(b"HTTP/1.1 200") and (not is_gateway or b"demo" in answer):
                    return
            except (ConnectionError, TimeoutError):
                pass
            await asyncio.sleep(0.05)
        raise SystemExit(f"test-hostile: {self.name} does not answer; see {self.folder}/{self.name}.out")

    def stop(self) -> None:
        for _, runner in self.places:
            runner.stop()
        for process in self.processes:
            process.kill()
            process.wait()


def version(name: str) -> str:
    """As the program says it, e.g. `nginx 1.22.1`."""
    said = subprocess.run([find(name) or name, "-v"], capture_output=True, text=True)
    found = re.search(r"(\d+\.\d+\.\d+)", said.stdout + said.stderr)
    return f"{'HAProxy' if name == 'haproxy' else name} {found.group(1) if found else '?'}"


def cases(program: Path) -> list[dict]:
    output = subprocess.run([str(program)], capture_output=True, check=True).stdout
    return [json.loads(line) for line in output.splitlines()]
