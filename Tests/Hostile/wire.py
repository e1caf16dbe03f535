# SPDX-License-Identifier: MIT
"""Both ends of the wire: a client that sends bytes as they are, and a runner that records what reaches it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

FOLLOW_UP = b"GET /api/version HTTP/1.1\r\nHost: localhost\r\nX-Follow-Up: 1\r\n\r\n"
LISTS = {
    "/api/tags": b'{"models":[{"name":"demo:latest","model":"demo:latest",'
    b'"modified_at":"2026-01-01T00:00:00Z","size":1,"digest":"' + b"ab" * 32 + b'","details":{}}]}',
    "/api/ps": b'{"models":[]}',
    "/api/version": b'{"version":"0.11.0"}',
}


class Unreadable(Exception):
    pass


def take_message(data: bytes) -> tuple[bytes, bytes, int] | None:
    """The head and body of the first message, read strictly, and its length; None: not all of it is here yet."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        if len(data) > 200_000:
            raise Unreadable
        return None
    head = data[: end + 2]
    fields: dict[bytes, list[bytes]] = {}
    for line in head.split(b"\r\n")[1:-1]:
        name, colon, value = line.partition(b":")
        if not colon or not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or b"\n" in line or b"\r" in line:
            raise Unreadable
        fields.setdefault(name.lower(), []).append(value.strip(b" \t"))
    lengths, codings = fields.get(b"content-length", []), fields.get(b"transfer-encoding", [])
    body_start = end + 4
    if codings:
        if lengths or [coding.lower() for coding in codings] != [b"chunked"]:
            raise Unreadable
        return take_chunks(head, data, body_start)
    if len(lengths) > 1 or (lengths and not lengths[0].isdigit()):
        raise Unreadable
    stop = body_start + (int(lengths[0]) if lengths else 0)
    return (head, data[body_start:stop], stop) if len(data) >= stop else None


def take_chunks(head: bytes, data: bytes, at: int) -> tuple[bytes, bytes, int] | None:
    body = b""
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        digits = data[at:end].split(b";")[0]
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,16}", digits):
            raise Unreadable
        size, at = int(digits, 16), end + 2
        if size == 0:
            break
        if len(data) < at + size + 2:
            return None
        body, at = body + data[at : at + size], at + size + 2
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        if end == at:
            return head, body, at + 2
        at = end + 2


class RecordingRunner:
    """Answers every request it can read with 200, and keeps those that are no probe of the gateway's."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.writers: set[asyncio.StreamWriter] = set()
        # Of the requests that carried X-Tag, in order.
        self.tags: list[int] = []
        # Of endless answers: how many run, and their bytes so far.
        self.streams = self.streamed = 0
        # While it is not set, POSTs wait.
        self.gate: asyncio.Event | None = None
        self.port = 0

    async def start(self) -> None:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.server = server

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = b""
        self.writers.add(writer)
        try:
            while piece := await reader.read(65536):
                data += piece
                while message := take_message(data):
                    head, body, length = message
                    data = data[length:]
                    if not await self.serve_one(head, body, writer):
                        return
        except Unreadable:
            self.not_http(data)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    async def serve_one(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> bool:
        """Says whether the connection goes on."""
        if tag := re.search(rb"(?i)\r\nx-tag: (\d+)\r\n", head):
            self.tags.append(int(tag[1]))
        if self.gate and head.startswith(b"POST "):
            await self.gate.wait()
        if b"\r\nX-Endless: 1\r\n" in head:
            await self.stream(writer)
        writer.write(self.answer(head, body))
        return True

    def not_http(self, data: bytes) -> None:
        self.requests.append("no HTTP")

    async def stream(self, writer: asyncio.StreamWriter) -> None:
        """As fast as it is taken, until the connection ends."""
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n")
        line = b'{"response":"' + b"x" * 4000 + b'","done":false}\n'
        self.streams += 1
        try:
            while True:
                writer.write(b"%x\r\n%s\r\n" % (len(line), line))
                await writer.drain()
                self.streamed += len(line)
        finally:
            self.streams -= 1

    def stop(self) -> None:
        self.server.close()
        for writer in list(self.writers):
            writer.transport.abort()

    def answer(self, head: bytes, body: bytes) -> bytes:
        line = head.split(b"\r\n")[0].decode("latin-1")
        method, _, target = line.partition(" ")
        target = target.rpartition(" ")[0]
        content = LISTS.get(target, b"{}") if method == "GET" else b"{}"
        is_ours = b"-probe\r\n" in head or b"x-follow-up" in head.lower()
        if not is_ours:
            self.requests.append(f"{method} {target} {body.hex()}")
        sent = b"" if method == "HEAD" else content
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + sent


@dataclass
class Outcome:
    statuses: list[int] = field(default_factory=list)
    # "closes", "goes on", or "waits": the next request is not answered
    then: str = "waits"
    # as `METHOD target body`, the body in hexadecimal
    reached: list[str] = field(default_factory=list)

    def text(self) -> str:
        said = ", ".join(map(str, self.statuses)) or "no answer"
        return f"{said}, {self.then}"

    def to_runner(self) -> str:
        return ", ".join(" ".join(request.split(" ")[:2]) for request in self.reached)


class Client:
    """One connection; `statuses` grows as answers come in."""

    # Nothing more is expected after this much silence, seconds; three times as much before the first answer.
    QUIET = 0.2

    def __init__(self, port: int, is_head: bool) -> None:
        self.port, self.is_head = port, is_head
        self.data = b""
        self.statuses: list[int] = []
        self.ended = False

    async def connect(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def send(self, data: bytes) -> None:
        try:
            self.writer.write(data)
            await asyncio.wait_for(self.writer.drain(), 2)
        except (ConnectionError, TimeoutError):
            pass

    async def read_until_quiet(self, expected: int) -> None:
        while not self.ended:
            patience = self.QUIET if len(self.statuses) >= expected else self.QUIET * 4
            try:
                piece = await asyncio.wait_for(self.reader.read(65536), patience)
            except TimeoutError:
                return
            except ConnectionError:
                piece = b""
            self.ended = not piece
            self.data += piece
            self.parse()

    def parse(self) -> None:
        while self.data:
            if not self.data.startswith(b"HTTP/1."):
                if len(self.data) > 7:
                    # HTTP/0.9: a body and nothing else.
                    self.statuses.append(0)
                    self.data = b""
                return
            try:
                message = take_message(self.data)
            except Unreadable:
                self.statuses.append(0)
                self.data = b""
                return
            if message is None and self.is_head and b"\r\n\r\n" in self.data:
                end = self.data.index(b"\r\n\r\n") + 4
                message = self.data[:end], b"", end
            if message is None:
                return
            head, _, length = message
            self.data = self.data[length:]
            status = int(head[9:12])
            if status >= 200:
                self.statuses.append(status)
                self.is_head = False

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            pass


async def play(port: int, runner: RecordingRunner, case: dict) -> Outcome:
    """One case on a connection of its own, and a plain request behind it if the connection is still there."""
    data = bytes.fromhex(case["bytes"])
    runner.requests.clear()
    client = Client(port, data.startswith(b"HEAD "))
    await client.connect()
    await client.send(data)
    await client.read_until_quiet(len(case["statuses"]))
    outcome = Outcome(statuses=list(client.statuses))
    if client.ended:
        outcome.then = "closes"
    else:
        await client.send(FOLLOW_UP)
        await client.read_until_quiet(len(outcome.statuses) + 1)
        more = client.statuses[len(outcome.statuses) :]
        if more == [200]:
            outcome.then = "goes on"
        elif client.ended:
            # It had not had all of a request yet, and what came next made it a wrong one.
            outcome.statuses += more
            outcome.then = "closes"
    outcome.reached = list(runner.requests)
    await client.close()
    return outcome
