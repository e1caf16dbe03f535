# SPDX-License-Identifier: MIT
"""One check for a client's two faces, and what the gateway's access log and the runners say of each call."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, Callable

from report import expect, wait_until
from servers import Gateway, Process, free_port, get_json

# What the simulated runners have. Two on both, so that a copy or a delete concerns both.
MODEL = "demo:latest"
SECOND = "second:7b"
# Only the second runner has it.
LONELY = "lonely:1b"

# Of each call that makes text, so that answers can be compared.
TOKENS = 12


class Simulated(Process):
    """A runner whose answers are made up, and always the same."""

    def __init__(self, index: int, program: Path, run: Path) -> None:
        super().__init__(f"simulated runner {index}", run / f"runner-{index}.log")
        self.index = index
        self.program = program
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, *models: str) -> None:
        named = [argument for model in models for argument in ("--model", model)]
        self.launch(
            [self.program, "runner", "--listen", f"127.0.0.1:{self.port}", "--first-token", "5",
             "--tokens-per-second", "2000", "--parallel", "4", *named],
            {"SWIFT_BACKTRACE": "enable=no"}, f"{self.url}/api/version")

    @property
    def models(self) -> list[str]:
        return [model["name"] for model in get_json(f"{self.url}/api/tags")["models"]]

    @property
    def loaded(self) -> list[str]:
        return [model["name"] for model in get_json(f"{self.url}/api/ps")["models"]]


class Setup:
    """A gateway and its runners, seen from beside."""

    def __init__(self, gateway: Gateway, runners: list[Simulated]) -> None:
        self.gateway = gateway
        self.runners = runners

    def served(self, route: str, call: Callable[[], Any], requests: int = 1) -> tuple[Any, str]:
        """The result of a call that must come to so many requests of that route, all answered well, and by whom."""
        before = self.settled()
        result = call()
        new: list[dict] = []

        def arrived() -> bool:
            new[:] = self.gateway.records()[before:]
            return len(new) >= requests

        wait_until(arrived, 5, f"{requests} lines in the access log", every=0.01)
        seen = [(record["route"], record["status"]) for record in new]
        expect(seen == [(route, 200)] * requests, f"expected {requests} × {route} 200, the access log has {seen}")
        by = [record["runner"] for record in new if "runner" in record]
        expect(all(0 <= runner < len(self.runners) for runner in by), f"runners {by}")
        return result, f"runner {', '.join(map(str, by))}" if by else "the gateway itself"

    def settled(self) -> int:
        """Lines in the access log, once the calls before this one are all in it."""
        count = -1
        while count != (now := len(self.gateway.records())):
            count = now
            time.sleep(0.02)
        return count

    def holders(self, model: str) -> list[int]:
        return [runner.index for runner in self.runners if model in runner.models]


class Face:
    """A client, synchronous or not: `face("chat", …)` gives what the method gives, a stream as a list. `make` gives a
    new one, as an asynchronous client belongs to its event loop."""

    def __init__(self, name: str, make: Callable[[], Any]) -> None:
        self.name = name
        self.make = make

    def __call__(self, method: str, *arguments: Any, **named: Any) -> Any:
        raise NotImplementedError


class Sync(Face):
    def __call__(self, method: str, *arguments: Any, **named: Any) -> Any:
        with self.make() as client:
            result = find(client, method)(*arguments, **named)
            return list(result) if is_stream(result) else result


class Async(Face):
    def __call__(self, method: str, *arguments: Any, **named: Any) -> Any:
        async def run() -> Any:
            async with self.make() as client:
                result = find(client, method)(*arguments, **named)
                if hasattr(result, "__await__"):
                    result = await result
                return [part async for part in result] if is_stream(result) else result

        return asyncio.run(run())


def is_stream(result: Any) -> bool:
    """A page of openai's models can be iterated over, too, but is no iterator."""
    return hasattr(result, "__next__") or hasattr(result, "__anext__")


def find(client: Any, method: str) -> Any:
    for name in method.split("."):
        client = getattr(client, name)
    return client


def error_of(call: Callable[[], Any], kind: type[Exception]) -> Exception:
    try:
        call()
    except kind as error:
        return error
    expect(False, f"no {kind.__name__} was raised")
    raise AssertionError


# A white pixel, 1 × 1.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe0def46"
    "b80000000049454e44ae426082")

# A tenth of a second of silence: RIFF, 16-bit mono at 8 kHz.
WAV = (b"RIFF" + (36 + 1600).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
       + bytes.fromhex("0100 0100 401f0000 803e0000 0200 1000") + b"data" + (1600).to_bytes(4, "little") + bytes(1600))

SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"}, "population": {"type": "integer"},
        "rivers": {"type": "array", "items": {"type": "string"}}, "capital": {"type": "boolean"},
    },
    "required": ["city", "population", "rivers", "capital"],
}


def fits(value: dict) -> bool:
    """`SCHEMA` is met."""
    return (set(value) == set(SCHEMA["properties"]) and isinstance(value["city"], str)
            and isinstance(value["population"], int) and isinstance(value["capital"], bool)
            and all(isinstance(river, str) for river in value["rivers"]))
