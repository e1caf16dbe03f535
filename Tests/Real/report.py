# SPDX-License-Identifier: MIT
"""One line per check, `ok - …`, `older - …` or `not ok - …`, and the count at the end."""

from __future__ import annotations

import sys
import time
import traceback
from typing import Callable


class Failed(Exception):
    """A check found something wrong; its text says what was expected and what came."""


def expect(condition: object, otherwise: str) -> None:
    if not condition:
        raise Failed(otherwise)


def wait_until(condition: Callable[[], object], seconds: float, what: str, every: float = 0.1) -> float:
    """Says how long it took."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise Failed(f"{what}: not within {seconds:g} s")
        time.sleep(every)
    return time.monotonic() - start


class Report:
    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0
        self.older = 0

    def section(self, title: str) -> None:
        print(f"# {title}", flush=True)

    def check_older(self, title: str, body: Callable[[], str]) -> None:
        """Where this Ollama is older than the contract: checked is that the gateway takes it as it is."""
        self.older += 1
        self.check(title, body, "older")

    def check(self, title: str, body: Callable[[], str], kind: str = "ok") -> None:
        """`body` returns the figures worth reading, or raises."""
        start = time.monotonic()
        try:
            figures = body()
        except Exception as error:  # noqa: BLE001: whatever a client library raises is a failed check, not our end
            self.failed += 1
            place = traceback.extract_tb(sys.exc_info()[2])[-1]
            where = "" if isinstance(error, Failed) else f" [{place.filename.rsplit('/', 1)[-1]}:{place.lineno}]"
            text = str(error) if isinstance(error, Failed) else f"{type(error).__name__}: {error}"
            print(f"not ok - {title}: {one_line(text, 600)}{where}", flush=True)
        else:
            self.passed += 1
            print(f"{kind} - {title}: {figures} ({time.monotonic() - start:.1f} s)", flush=True)

    def finish(self) -> int:
        if self.older:
            print(f"# {self.older} of them show where Ollama 0.5.4 is older than the contract", flush=True)
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0


def one_line(text: str, longest: int = 60) -> str:
    """Model output and errors, fit for a report."""
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"
