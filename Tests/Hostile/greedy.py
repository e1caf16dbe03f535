# SPDX-License-Identifier: MIT
"""Slow and greedy clients by the thousand against the real binary: each is bounded in time and memory, and others don't
notice. Counts memory, descriptors and CPU time from /proc. See scripts/test-hostile."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True

from servers import Server, free_ports  # noqa: E402
from wire import RecordingRunner  # noqa: E402

ABUSERS = 2000
CHAT = b'{"model":"demo","messages":[],"stream":false}'
passed = failed = 0


def check(what: str, holds: bool, seen: object) -> None:
    global passed, failed
    passed, failed = passed + holds, failed + (not holds)
    print(f"{'ok    ' if holds else 'FAILED'} {what}: {seen}", flush=True)


class Gateway:
    """One process with a configuration of its own, and what /proc says about it."""

    def __init__(self, binary: Path, folder: Path, descriptors: int | None = None, **configuration) -> None:
        self.binary, self.folder, self.descriptors = binary, folder, descriptors
        self.configuration = configuration
        self.runner = RecordingRunner()

    async def __aenter__(self) -> Gateway:
        await self.runner.start()
        [self.port] = free_ports(1)
        runner = {"url": f"http://127.0.0.1:{self.runner.port}", **self.configuration.pop("runner", {})}
        file = self.folder / f"{self.port}.json"
        file.write_text(json.dumps({"runners": [runner], **self.configuration}))
        self.server = Server("gateway", self.folder)
        command = [str(self.binary), "serve", "--listen", f"127.0.0.1:{self.port}", "--config", str(file)]
        command += ["--state-dir", str(self.folder / f"state-{self.port}"), "--log-level", "warning"]
        if self.descriptors:
            command = ["bash", "-c", f'ulimit -n {self.descriptors} && exec "$0" "$@"', *command]
        self.server.run(command)
        self.pid = self.server.processes[0].pid
        await self.server.wait_for(self.port, is_gateway=True)
        return self

    async def __aexit__(self, *_) -> None:
        check("the gateway still runs", self.server.processes[0].poll() is None, f"process {self.pid}")
        self.server.stop()
        self.runner.stop()

    def resident(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def files(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu(self) -> float:
        """Seconds, of all threads."""
        threads = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9

    async def connect(self, receive_buffer: int | None = None) -> Connection:
        connection = Connection()
        end = socket.socket()
        end.setblocking(False)
        if receive_buffer:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(end, ("127.0.0.1", self.port))
        connection.reader, connection.writer = await asyncio.open_connection(sock=end)
        return connection


class Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def chat(self, tag: int = 0, fields: bytes = b"") -> None:
        head = b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nX-Tag: %d\r\n" % tag
        self.send(head + fields + b"Content-Length: %d\r\n\r\n" % len(CHAT) + CHAT)

    async def answer(self) -> int:
        """Its status; 0: the connection has ended."""
        try:
            head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 30)
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await asyncio.wait_for(self.reader.readexactly(length), 30)
            return int(head[9:12])
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0

    async def end(self) -> bytes:
        """All that came until the connection ended."""
        try:
            return await asyncio.wait_for(self.reader.read(), 60)
        except ConnectionError:
            return b""

    def close(self) -> None:
        self.writer.transport.abort()


async def until(condition, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.05)
    return True


async def abuse(gateway: Gateway) -> dict[str, list[Connection]]:
    """A quarter each: half a head, half a body, answers that are never read, nothing."""
    kinds: dict[str, list[Connection]] = {"slow heads": [], "slow bodies": [], "never reading": [], "idle": []}
    version = b"GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for number in range(ABUSERS // 4):
        for kind, connections in kinds.items():
            connection = await gateway.connect()
            connections.append(connection)
            if kind == "slow heads":
                connection.send(b"GET /api/version HTTP/1.1\r\nHost: loc")
            elif kind == "slow bodies":
                connection.send(
                    b'POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n{"model":"demo","a":"'
                    + b"x" * 4000
                )
            elif kind == "never reading":
                connection.writer.transport.pause_reading()
                connection.send(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n" * 400)
            else:
                connection.send(version)
                await connection.answer()
        if number % 50 == 0:
            await asyncio.sleep(0)
    await asyncio.sleep(0.5)
    return kinds


async def cost_of_a_chat(gateway: Gateway, count: int = 300) -> float:
    """Seconds of CPU per request; the least of five rounds, since what else runs here can only add to it."""
    client = await gateway.connect()
    costs = []
    for _ in range(5):
        before = gateway.cpu()
        for _ in range(count):
            client.chat()
            assert await client.answer() == 200
        costs.append((gateway.cpu() - before) / count)
    client.close()
    return min(costs)


async def others_do_not_notice(binary: Path, folder: Path) -> None:
    long = {"client_header": 300, "client_body": 300, "client_write": 300, "client_idle": 300}
    async with Gateway(binary, folder, timeouts=long, runner={"max_inflight": 1}) as gateway:
        await cost_of_a_chat(gateway, 100)
        alone, memory, files = await cost_of_a_chat(gateway), gateway.resident(), gateway.files()
        kinds = await abuse(gateway)
        count = sum(map(len, kinds.values()))
        held = gateway.files() - files
        check(f"{count} abusive connections are open", count - 5 <= held <= count + 5, f"{held} descriptors more")
        each = (gateway.resident() - memory) / count
        check("memory for each of them is bounded", each <= 48 * 1024, f"{each / 1024:.1f} KiB")
        among = await cost_of_a_chat(gateway)
        check(
            "a request costs what it cost before", among <= alone * 1.5,
            f"{among * 1e6:.0f} µs of CPU among them, {alone * 1e6:.0f} µs alone",
        )
        await order_in_the_queue(gateway)
        before = gateway.cpu()
        await asyncio.sleep(2)
        idle = (gateway.cpu() - before) / 2
        check("connections that do nothing cost nothing", idle <= 0.02, f"{idle * 100:.2f} % of a core")
        for connection in sum(kinds.values(), []):
            connection.close()
        check("all descriptors come back", await until(lambda: gateway.files() <= files + 5, 10), gateway.files())


async def order_in_the_queue(gateway: Gateway) -> None:
    """One slot, and the runner answers only when told to: who waits is served in the order of coming."""
    gateway.runner.gate = asyncio.Event()
    clients = []
    for tag in range(30):
        client = await gateway.connect()
        client.chat(tag)
        clients.append(client)
        # Its bytes are there before the next one's.
        await asyncio.sleep(0.02)
    gateway.runner.gate.set()
    statuses = [await client.answer() for client in clients]
    order = gateway.runner.tags[-30:]
    check("the queue keeps its order", order == list(range(30)) and set(statuses) == {200}, order)
    gateway.runner.gate = None
    for client in clients:
        client.close()


async def deadlines_end_them(binary: Path, folder: Path) -> None:
    short = {"client_header": 1, "client_body": 1, "client_write": 1, "client_idle": 1}
    async with Gateway(binary, folder, timeouts=short) as gateway:
        files = gateway.files()
        peaks = []
        for _ in range(2):
            began = time.monotonic()
            kinds = await abuse(gateway)
            opened = time.monotonic() - began
            peaks.append(gateway.resident())
            # They may be slow to open on a busy machine; each has a second, and two more to linger.
            gone = await until(lambda: gateway.files() <= files + 5, 30)
            check("they are gone", gone, f"{time.monotonic() - began - opened:.1f} s after the last one came")
            for kind, status in [("slow heads", b"408"), ("slow bodies", b"408")]:
                answers = [await connection.end() for connection in kinds[kind]]
                right = sum(answer.startswith(b"HTTP/1.1 " + status) for answer in answers)
                check(f"{kind} get {status.decode()}", right == len(answers), f"{right} of {len(answers)}")
            answers = [await connection.end() for connection in kinds["idle"]]
            check("idle ones are closed without a word", not any(answers), f"{sum(map(bool, answers))} answers")
            for connection in sum(kinds.values(), []):
                connection.close()
        check(
            "a second wave takes no more memory than the first", peaks[1] <= peaks[0] * 1.15,
            " then ".join(f"{peak / 2**20:.1f} MiB" for peak in peaks),
        )


async def streams_that_nobody_reads(binary: Path, folder: Path) -> None:
    count = 100
    async with Gateway(binary, folder, timeouts={"client_write": 3}) as gateway:
        await cost_of_a_chat(gateway, 20)
        memory, files = gateway.resident(), gateway.files()
        clients = []
        for _ in range(count):
            # Little room in the kernel, so that what is not read stays in the gateway or at the runner.
            client = await gateway.connect(receive_buffer=4096)
            client.writer.transport.pause_reading()
            client.chat(fields=b"X-Endless: 1\r\n")
            clients.append(client)
        check("all streams run", await until(lambda: gateway.runner.streams == count, 20), gateway.runner.streams)
        last, held = -1, 0

        def stands_still() -> bool:
            nonlocal last, held
            stood, last = gateway.runner.streamed == last, gateway.runner.streamed
            held = max(held, gateway.resident() - memory)
            return stood

        check("their runner is paused", await until(stands_still, 20), f"{last / count / 1024:.0f} KiB each")
        check("what is held of each is bounded", held / count <= 128 * 1024, f"{held / count / 1024:.1f} KiB")
        other = await gateway.connect()
        other.chat()
        check("others are served", await other.answer() == 200, "200")
        other.close()
        check("they are cut", await until(lambda: gateway.runner.streams == 0, 20), gateway.runner.streams)
        check("all descriptors come back", await until(lambda: gateway.files() <= files + 5, 10), gateway.files())
        for client in clients:
            client.close()


async def floods_are_held_off(binary: Path, folder: Path) -> None:
    async with Gateway(binary, folder, limits={"connections": 200}) as gateway:
        files = gateway.files()
        first = await gateway.connect()
        first.chat()
        check("one that was there first is served", await first.answer() == 200, "200")
        highest = 0
        flood = []
        for _ in range(ABUSERS):
            flood.append(await gateway.connect())
            if len(flood) % 20 == 0:
                highest = max(highest, gateway.files())
        first.chat()
        check("and in the flood", await first.answer() == 200, "200")
        allowed = files + 200 + 256 + 64
        check("a flood takes no more than the limit and those that are told why", highest <= allowed, highest)
        for connection in flood:
            connection.close()
        check("all descriptors come back", await until(lambda: gateway.files() <= files + 5, 10), gateway.files())
        late = await gateway.connect()
        late.chat()
        check("one that comes later is served", await late.answer() == 200, "200")


async def descriptors_run_out(binary: Path, folder: Path) -> None:
    async with Gateway(binary, folder, descriptors=64) as gateway:
        clients = [await gateway.connect() for _ in range(500)]
        served = 0

        async def use(client: Connection) -> int:
            nonlocal served
            client.chat()
            status = await client.answer()
            served += 1
            client.close()
            return status

        before, began = gateway.cpu(), time.monotonic()
        await asyncio.sleep(2)
        share = (gateway.cpu() - before) / (time.monotonic() - began)
        check("a pause doesn't spin", share <= 0.05, f"{share * 100:.2f} % of a core")
        check("no more files than allowed", gateway.files() <= 64, gateway.files())
        statuses = await asyncio.gather(*map(use, clients))
        lost = sum(status != 200 for status in statuses)
        check("each of 500 clients is served once one has left", lost == 0, f"{lost} lost")


SCENARIOS = (
    others_do_not_notice, deadlines_end_them, streams_that_nobody_reads, floods_are_held_off, descriptors_run_out
)


async def run(binary: Path) -> int:
    with tempfile.TemporaryDirectory(prefix="dmr-greedy-") as name:
        for scenario in SCENARIOS:
            print(f"-- {scenario.__name__.replace('_', ' ')}", flush=True)
            await scenario(binary, Path(name))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/test-hostile greedy", description=__doc__)
    parser.add_argument("--gateway", type=Path, required=True)
    return asyncio.run(run(parser.parse_args().gateway.absolute()))


if __name__ == "__main__":
    sys.exit(main())
