# SPDX-License-Identifier: MIT
"""Damaged conversations against a running gateway, whose runner damages some of its answers, too. The gateway has to
live, to answer others meanwhile, to end every connection, to send its runner nothing but requests, and to give back
what it took. See scripts/fuzz --streams."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent.parent / "Hostile"))

from servers import Server, free_ports  # noqa: E402
from wire import RecordingRunner  # noqa: E402

AT_ONCE = 100
# Seconds in which any connection has to end: several times the gateway's own deadlines, as machines are busy.
PATIENCE = 30
CONFIGURATION = {
    "timeouts": {
        "client_header": 1, "client_body": 1, "client_idle": 1, "client_write": 2, "queue": 1, "first_byte": 1,
        "stream_idle": 1, "whole_answer": 2, "drain": 1,
    },
    "health": {"eject_after": 1000000},
    "limits": {"json_body_bytes": 65536, "blob_bytes": 65536},
}
CHAT = b'{"model":"demo","messages":[{"role":"user","content":"hi"}],"stream":false}'
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\ndemo\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nRIFF\r\n--b--\r\n'
)
HOST = b"Host: localhost\r\n"


def counted(line: bytes, body: bytes, fields: bytes = b"") -> bytes:
    return line + b" HTTP/1.1\r\n" + HOST + fields + b"Content-Length: %d\r\n\r\n" % len(body) + body


def plain(line: bytes, fields: bytes = b"") -> bytes:
    return line + b" HTTP/1.1\r\n" + HOST + fields + b"\r\n"


def chunked(line: bytes, body: bytes, fields: bytes = b"") -> bytes:
    half = len(body) // 2
    chunks = b"%x\r\n%s\r\n%x;a=b\r\n%s\r\n0\r\nX-T: 1\r\n\r\n" % (half, body[:half], len(body) - half, body[half:])
    return line + b" HTTP/1.1\r\n" + HOST + fields + b"Transfer-Encoding: chunked\r\n\r\n" + chunks


CONVERSATIONS = [
    [plain(b"GET /api/tags"), counted(b"POST /api/chat", CHAT)],
    [chunked(b"POST /api/chat", CHAT), b"GET / HTTP/1.0\r\n\r\n"],
    [counted(b"POST /api/chat", CHAT, b"Expect: 100-continue\r\n"), counted(b"POST /api/generate", CHAT)],
    [counted(b"POST /v1/chat/completions", CHAT, b"Connection: keep-alive, X-A\r\nX-A: 1\r\nVia: 1.1 a\r\n")],
    [counted(b"POST /v1/audio/transcriptions", FORM, b"Content-Type: multipart/form-data; boundary=b\r\n")],
    [chunked(b"POST /v1/audio/transcriptions", FORM, b"Content-Type: multipart/form-data; boundary=b\r\n")],
    [counted(b"POST /api/blobs/sha256:" + b"ab" * 32, b"blob" * 50), counted(b"POST /api/show", b'{"model":"demo"}')],
    [chunked(b"POST /api/blobs/sha256:" + b"cd" * 32, b"blob" * 50), counted(b"DELETE /api/delete", b'{"model":"x"}')],
    [counted(b"POST /docker-model-runner/api/chat/0", CHAT), plain(b"GET /docker-model-runner/")],
    [counted(b"POST /api/pull", b'{"model":"demo"}'), plain(b"HEAD /api/tags")],
    [counted(b"POST /key/dmr_x/api/chat", CHAT), plain(b"OPTIONS /api/chat", b"Origin: http://localhost\r\n")],
    [counted(b"POST /v1/messages", CHAT, b"x-api-key: a\r\nAuthorization: Bearer b\r\nCookie: c\r\n")],
    [counted(b"POST /v1/messages", CHAT, b"X-Forwarded-For: ::1\r\nX-DMR-Runner: 1\r\nTE: trailers\r\n")],
    [plain(b"GET http://localhost/api/version"), counted(b"POST //api//embed/", b'{"model":"demo","input":"a"}')],
]
# Fields that no runner may see.
LEAKS = {
    b"connection", b"upgrade", b"te", b"trailer", b"keep-alive", b"cookie", b"x-api-key", b"origin", b"expect",
    b"x-forwarded-for", b"x-dmr-runner",
}
TOKENS = [
    b"\r\n", b"\n", b"\r", b"\0", b": ", b" ", b"\t", b",", b";", b"0\r\n\r\n", b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
    b"Host: evil\r\n", b"Connection: close\r\n", b"Upgrade: websocket\r\n", b"HTTP/1.0", b"HTTP/2.0", b"%2f", b"..",
    b"ffffffffffffffff", b"-1", b"+", b"\"", b"\\", b"{", b"}", b"[" * 600, b"\xff", b"\xed\xa0\x80",
    b"\x28\xb5\x2f\xfd", b"--b", b"--b--", b"A" * 5000, b"X: y\r\n" * 120, b"\x16\x03\x01",
]


def damaged(data: bytes, dice: random.Random) -> bytes:
    for _ in range(dice.choice([0, 1, 1, 1, 2, 3, 6])):
        place = dice.randint(0, len(data))
        end = min(len(data), place + dice.randint(1, 40))
        match dice.randrange(6):
            case 0:
                data = data[:place] + dice.choice(TOKENS) + data[place:]
            case 1:
                data = data[:place] + data[end:]
            case 2 if place < len(data):
                data = data[:place] + bytes([data[place] ^ 1 << dice.randrange(8)]) + data[place + 1 :]
            case 3:
                data = data[:end] + data[place:end] + data[end:]
            case 4:
                data = data[:place] + bytes([dice.randrange(256)]) + data[place:]
            case _ if dice.randrange(4) == 0:
                data = data[:place]
    return data


class Runner(RecordingRunner):
    """Notes what is no request of the gateway's, and damages some answers."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.dice = random.Random(seed)
        self.wrong: list[bytes] = []
        self.served = 0

    async def serve_one(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> bool:
        self.look_at(head)
        answer = self.answer(head, body)
        is_damaged = b"-probe\r\n" not in head and head.startswith(b"POST") and self.dice.randrange(4) == 0
        writer.write(damaged(answer, self.dice) if is_damaged else answer)
        await writer.drain()
        if is_damaged:
            # For the rest of a management answer the gateway would wait as long as the runner does.
            await asyncio.sleep(self.dice.choice([0, 0.1, 2]))
        return not is_damaged and self.dice.randrange(20) != 0

    def not_http(self, data: bytes) -> None:
        self.wrong.append(data[:2000])

    def look_at(self, head: bytes) -> None:
        """One request of ours: its own Host, once, our Via, and nothing that belongs to the client's connection."""
        self.served += 1
        names = [line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:-1]]
        host = b"\r\nHost: 127.0.0.1:%d\r\n" % self.port
        is_ours = (
            re.match(rb"(GET|HEAD|POST|DELETE) /(api|v1)?[a-zA-Z0-9_/:.-]* HTTP/1\.1\r\n", head)
            and host in head and names.count(b"host") == 1 and b"Via: 1.1 dmr-" in head
            and not re.search(rb"[\0\x7f]", head)
        )
        leaked = LEAKS & set(names)
        if not is_ours or leaked:
            self.wrong.append(head)


class Play:
    def __init__(self, port: int, seed: int) -> None:
        self.port, self.seed = port, seed
        self.played = 0
        self.statuses: dict[bytes, int] = {}
        self.unended: list[int] = []
        self.slowest = 0.0

    async def one(self, number: int) -> None:
        dice = random.Random(number)
        data = damaged(b"".join(dice.choice(CONVERSATIONS)), dice)
        if dice.randrange(4) == 0:
            data += damaged(b"".join(dice.choice(CONVERSATIONS)), dice)
        cuts = sorted(dice.randint(0, len(data)) for _ in range(dice.choice([0, 0, 1, 2, 5])))
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for start, end in zip([0, *cuts], [*cuts, len(data)]):
                writer.write(data[start:end])
                await writer.drain()
                await asyncio.sleep(dice.choice([0, 0, 0.001, 0.02]))
            how = dice.randrange(6)
            if how == 0:
                writer.transport.abort()
                return
            if how == 1:
                writer.write_eof()
            answer = await asyncio.wait_for(reader.read(), PATIENCE)
            status = answer[9:12] if answer.startswith(b"HTTP/1.") else b"none"
            self.statuses[status] = self.statuses.get(status, 0) + 1
        except TimeoutError:
            self.unended.append(number)
        except (ConnectionError, OSError):
            self.statuses[b"cut"] = self.statuses.get(b"cut", 0) + 1
        finally:
            self.played += 1
            writer.transport.abort()

    async def worker(self, numbers, until: float) -> None:
        for number in numbers:
            if time.monotonic() > until:
                return
            await self.one(number)

    async def watch(self, until: float) -> None:
        """Somebody who only asks whether it is there."""
        while time.monotonic() < until:
            start = time.monotonic()
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
                answer = await asyncio.wait_for(reader.read(), PATIENCE)
                writer.close()
                if b" 200 " not in answer[:16]:
                    self.unended.append(-1)
            except (TimeoutError, OSError):
                self.unended.append(-1)
            self.slowest = max(self.slowest, time.monotonic() - start)
            await asyncio.sleep(0.1)


def files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) // 1024


async def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--gateway", type=Path, required=True)
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000_000))
    arguments.add_argument("--count", type=int, default=1_000_000_000)
    options = arguments.parse_args()
    failed = 0

    def check(what: str, holds: bool, seen: object) -> None:
        nonlocal failed
        failed += not holds
        print(f"{'ok    ' if holds else 'FAILED'} {what}: {seen}", flush=True)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runner = Runner(options.seed)
        await runner.start()
        [port] = free_ports(1)
        entry = {"url": f"http://127.0.0.1:{runner.port}"}
        (folder / "config.json").write_text(json.dumps({"runners": [entry], **CONFIGURATION}))
        server = Server("gateway", folder)
        server.run(
            # The address sanitizer keeps 256 MiB of what was freed, if it isn't told otherwise.
            ["env", "ASAN_OPTIONS=quarantine_size_mb=16:detect_leaks=0", str(options.gateway), "serve"]
            + ["--listen", f"127.0.0.1:{port}", "--config", str(folder / "config.json")]
            + ["--state-dir", str(folder / "state"), "--log-level", "warning"]
        )
        process = server.processes[0]
        await server.wait_for(port, is_gateway=True)
        play = Play(port, options.seed)
        print(f"seeds from {options.seed} on", flush=True)

        async def rest() -> tuple[int, int]:
            await asyncio.sleep(4)
            return files(process.pid), resident(process.pid)

        # What the allocator keeps it keeps after the first rush.
        await asyncio.gather(*(play.one(options.seed + number) for number in range(min(options.count, AT_ONCE))))
        before = await rest()
        until = time.monotonic() + options.seconds
        numbers = iter(range(options.seed, options.seed + options.count))
        await asyncio.gather(play.watch(until), *(play.worker(numbers, until) for _ in range(AT_ONCE)))
        lives = process.poll() is None
        after = await rest() if lives else (0, 0)
        check("the gateway lives", lives, f"{play.played} conversations")
        check("every connection was answered or ended", not play.unended, sorted(play.unended)[:5] or "all")
        check("others are answered meanwhile", play.slowest < PATIENCE / 3, f"within {play.slowest:.2f} s")
        seen = runner.wrong[:3] or f"{runner.served} requests"
        check("the runner got nothing but requests of ours", not runner.wrong, seen)
        # The pool may hold connections to the runner.
        check("descriptors come back", lives and after[0] <= before[0] + 20, f"{before[0]} before, {after[0]} after")
        seen = f"{before[1]} MiB before, {after[1]} MiB after"
        check("memory comes back", lives and after[1] <= before[1] + 64, seen)
        print("answers: " + ", ".join(f"{key.decode()} {value}" for key, value in sorted(play.statuses.items())))
        if failed:
            print((folder / "gateway.out").read_text(errors="replace")[-2000:])
        server.stop()
        runner.stop()
    return 1 if failed else 0


sys.exit(asyncio.run(main()))
