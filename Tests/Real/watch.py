# SPDX-License-Identifier: MIT
"""When a runner notices that its client has gone, seen at the runner itself, every few milliseconds."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from report import Failed, expect
from servers import Ollama

# What an idle process may use of a processor: less than a twentieth.
IDLE_SHARE = 0.05
# As long without work means that it has ended, not that it waits for its turn.
QUIET = 0.6
GIVE_UP = 20.0


@dataclass
class Watched:
    """Seconds since the epoch. What is seen is at most a sample's interval old (`longest_gap`)."""

    #: Its kernel has the end of the gateway's connection, for each that ended.
    closed: list[float] = field(default_factory=list)
    #: It wrote the request into its own log, which it does when its handler has returned.
    logged: list[float] = field(default_factory=list)
    #: The process that computes last used the processor. Its threads spin for 190 ms behind every answer, one that ends
    #: by itself too, in case another token is wanted: so this is late, and says only that work ended at all.
    last_work: float = 0.0
    longest_gap: float = 0.0


class Watch:
    """Watches one Ollama from a thread of its own, from now on until `after`."""

    def __init__(self, ollama: Ollama, route: str) -> None:
        self.ollama = ollama
        self.ending = f'"{route}"'.encode()
        pid = ollama.model_runner
        expect(pid, f"runner {ollama.index} has no model process")
        self.tasks = Path(f"/proc/{pid}/task")
        self.log = ollama.log.open("rb")
        self.log.seek(0, 2)
        self.partial = b""
        self.seen = Watched()
        self.ended = threading.Event()
        self.open = self.connections()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def connections(self) -> set[int]:
        """Ports of the established connections to this Ollama, as its own end has them (proc(5), /proc/net/tcp)."""
        here, established = f":{self.ollama.port:04X}", "01"
        rows = (line.split(None, 4) for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
        return {int(row[2][-4:], 16) for row in rows if row[1].endswith(here) and row[3] == established}

    def busy_time(self) -> int:
        """Nanoseconds on a processor, of all its threads."""
        total = 0
        for task in self.tasks.iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                continue
        return total

    def run(self) -> None:
        seen = self.seen
        at, busy = time.time(), self.busy_time()
        while not self.ended.wait(0.004):
            # Told with the time after each look, so never too early.
            still_open = self.connections()
            seen.closed += [time.time()] * len(self.open - still_open)
            self.open = still_open
            ended = self.requests_ended()
            seen.logged += [time.time()] * ended
            before_work, busy = busy, self.busy_time()
            before, at = at, time.time()
            seen.longest_gap = max(seen.longest_gap, at - before)
            if (busy - before_work) / 1e9 > IDLE_SHARE * (at - before):
                seen.last_work = at

    def requests_ended(self) -> int:
        *lines, self.partial = (self.partial + self.log.read()).split(b"\n")
        return sum(line.startswith(b"[GIN]") and line.endswith(self.ending) for line in lines)

    def after(self, moment: float) -> Watched:
        """Waits for the end of the work; what is given began at or after `moment`."""
        while time.time() - max(self.seen.last_work, moment) < QUIET or not any(at >= moment for at in self.seen.logged):
            if time.time() - moment > GIVE_UP:
                self.stop()
                raise Failed(f"runner {self.ollama.index} still computes {GIVE_UP:.0f} s later: {self.seen}")
            time.sleep(0.02)
        self.stop()
        return Watched(
            [at for at in self.seen.closed if at >= moment], [at for at in self.seen.logged if at >= moment],
            max(self.seen.last_work, moment), self.seen.longest_gap)

    def stop(self) -> None:
        self.ended.set()
        self.thread.join()
        self.log.close()


def told_within(watched: Watched, moment: float, limit: float) -> str:
    """The figures, and a failure where the runner learned of it too late."""
    expect(watched.closed and watched.logged, f"the runner saw no end of a connection or of a request: {watched}")

    def ms(at: float) -> str:
        return f"{(at - moment) * 1000:.0f} ms"

    closed, logged = watched.closed[0], watched.logged[0]
    figures = (
        f"Ollama ended the request after {ms(logged)}, its connection closed after {ms(closed)}, "
        f"its processor idle after {ms(watched.last_work)}, samples up to {watched.longest_gap * 1000:.0f} ms apart")
    expect(logged - moment <= limit, f"{figures}; {limit * 1000:.0f} ms are allowed")
    return figures
