# SPDX-License-Identifier: MIT
"""HTTP as it is on the wire, for what client libraries hide: chunk by chunk, headers, half answers."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from servers import MODEL

# Long enough to be interrupted: the model counts on and on, and neither a stop word nor its own limit ends it.
ENDLESS = {"num_predict": 1500, "stop": []}


def chat(text: str, stream: bool = True, **options: object) -> dict:
    return {"model": MODEL, "stream": stream, "messages": [{"role": "user", "content": text}], "options": options}


def endless_chat() -> dict:
    return chat("Count from 1 to 1000, one number at a time.", **ENDLESS)


class Exchange:
    """One POST whose answer is read as slowly as the test likes, and closed when it likes."""

    def __init__(self, server: str, path: str, body: dict, timeout: float = 120) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=timeout)
        payload = json.dumps(body).encode()
        self.connection.request("POST", path, payload, {"Content-Type": "application/json"})
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.runner = self.response.getheader("X-DMR-Runner")
        self.id = self.response.getheader("X-Request-Id", "")

    def line(self) -> bytes:
        return self.response.readline()

    def read(self) -> bytes:
        """
        - Raises: `http.client.IncompleteRead` if the server ends without the last chunk.
        """
        return self.response.read()

    def close(self) -> None:
        # The response shares the socket; it is closed only when both are.
        self.response.close()
        self.connection.close()

    def __enter__(self) -> "Exchange":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def post(server: str, path: str, body: dict, timeout: float = 120) -> tuple[int, bytes, str | None, str]:
    with Exchange(server, path, body, timeout) as exchange:
        return exchange.status, exchange.read(), exchange.runner, exchange.id


@dataclass
class CurlResult:
    exit_status: int
    status: int
    headers: dict[str, str]
    body: bytes
    #: (seconds since the start, bytes) of each read of curl's output, which `-N` keeps it from gathering.
    reads: list[tuple[float, int]]


def curl(server: str, path: str, body: dict, timeout: float = 120) -> CurlResult:
    command = ["curl", "-sSN", "-i", "--max-time", str(timeout), "-d", "@-", f"{server}{path}"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps(body).encode())
    process.stdin.close()
    start, reads, received = time.monotonic(), [], b""
    while piece := os.read(process.stdout.fileno(), 65536):
        reads.append((time.monotonic() - start, len(piece)))
        received += piece
    process.stdout.close()
    head, _, rest = received.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    status = int(lines[0].split()[1]) if lines[0].startswith("HTTP/") else 0
    return CurlResult(process.wait(10), status, headers, rest, reads)
