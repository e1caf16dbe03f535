# SPDX-License-Identifier: MIT
"""The processes under test: real Ollamas and gateways on loopback, with what can be seen of them from outside."""

from __future__ import annotations

import ctypes
import json
import os
import random
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from report import Failed, expect, wait_until

MODEL = "gemma3:270m"

# It is a base model, so the template makes a quiz of the conversation. Answers repeat: temperature 0, a fixed seed.
MODELFILE = '''FROM {weights}
TEMPLATE """{{{{ range .Messages }}}}{{{{ if eq .Role "user" }}}}Question: {{{{ .Content }}}}
{{{{ else if eq .Role "assistant" }}}}Answer: {{{{ .Content }}}}
{{{{ else }}}}{{{{ .Content }}}}
{{{{ end }}}}{{{{ end }}}}Answer:"""
PARAMETER stop "Question:"
PARAMETER num_predict 200
PARAMETER temperature 0
PARAMETER seed 1
'''

_started: list["Process"] = []


def forget_environment() -> None:
    """What is set on this machine for Ollama, the gateway or a proxy must not steer the servers or clients here."""
    for name in list(os.environ):
        if re.match(r"(?i)(OLLAMA_|OPENAI_|ANTHROPIC_|LANGCHAIN_|LANGSMITH_|DMR_|.*DOCKER_MODEL_RUNNER|USE_DOCKER_|K8S_FLAG|.*_proxy$)", name):
            del os.environ[name]


def stop_all() -> None:
    for process in reversed(_started):
        process.stop()


def free_port() -> int:
    """Below the range the kernel takes ports for outgoing connections from: a stopped runner's port must stay free."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(200):
        port = random.randrange(max(1025, lowest - 14000), lowest) if lowest > 2000 else 0
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise Failed("no free port on 127.0.0.1")


def get(url: str, timeout: float = 5) -> tuple[int, bytes]:
    """Status 0: no answer."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def get_json(url: str) -> dict:
    status, body = get(url)
    expect(status == 200, f"GET {url}: status {status}")
    return json.loads(body)


def _end_with_parent() -> None:
    # Should this script be killed outright, its servers get SIGTERM from the kernel (PR_SET_PDEATHSIG = 1).
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Process:
    """A server in a process group of its own, so that Ctrl-C reaches this script alone, which then stops it."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self.popen: subprocess.Popen | None = None
        _started.append(self)

    def launch(self, command: list, env: dict[str, str], ready: str, seconds: float = 30) -> None:
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                [str(part) for part in command], env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True, preexec_fn=_end_with_parent)

        def is_ready() -> bool:
            if self.popen and self.popen.poll() is not None:
                tail = self.log.read_text(errors="replace")[-800:]
                raise Failed(f"{self.name} ended with status {self.popen.returncode}: {tail}")
            return get(ready, timeout=2)[0] == 200

        wait_until(is_ready, seconds, f"{self.name} answers {ready}; its log is {self.log}")

    @property
    def pid(self) -> int:
        expect(self.popen and self.popen.poll() is None, f"{self.name} is not running")
        return self.popen.pid

    def stop(self) -> int | None:
        """Politely, then not; gives the exit status."""
        if self.popen is None:
            return None
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                pass
        self.kill_group()
        return self.popen.returncode

    def kill_group(self) -> None:
        """As when the machine fails: the server and its children are gone at once."""
        if self.popen is None:
            return
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait(10)


class Ollama(Process):
    def __init__(self, index: int, work: Path, run: Path) -> None:
        super().__init__(f"Ollama {index}", run / f"ollama-{index}.log")
        self.index = index
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.program = work / "ollama/bin/ollama"
        self.weights = work / "gemma-3-270m.gguf"
        # Of this run alone: checks create and delete models.
        self.models = run / f"models-{index}"
        self.env = {
            "HOME": str(run), "OLLAMA_HOST": f"127.0.0.1:{self.port}", "OLLAMA_MODELS": str(self.models),
            "OLLAMA_KEEP_ALIVE": "30m", "OLLAMA_NUM_PARALLEL": "1", "OLLAMA_NOPRUNE": "1", "GIN_MODE": "release",
        }

    def start(self) -> None:
        self.launch([self.program, "serve"], self.env, f"{self.url}/api/version")

    def link_weights(self, digest: str) -> None:
        """The model's file is a blob already, without another 250 MB."""
        blobs = self.models / "blobs"
        blobs.mkdir(parents=True, exist_ok=True)
        os.link(self.weights, blobs / f"sha256-{digest}")

    def create_model(self) -> None:
        """Directly, not through the gateway: whether that can create models is another matter."""
        file = self.log.with_name(f"Modelfile-{self.index}")
        file.write_text(MODELFILE.format(weights=self.weights))
        done = subprocess.run(
            [self.program, "create", MODEL, "-f", file], env={**os.environ, **self.env}, capture_output=True, text=True,
            timeout=120, stdin=subprocess.DEVNULL)
        expect("success" in done.stdout + done.stderr, f"create on {self.name}: {(done.stdout + done.stderr)[-300:]}")

    def load_model(self) -> None:
        request = urllib.request.Request(f"{self.url}/api/generate", json.dumps({"model": MODEL}).encode())
        with urllib.request.urlopen(request, timeout=120) as response:
            expect(response.status == 200, f"loading the model on {self.name}: status {response.status}")

    @property
    def model_runner(self) -> int | None:
        """The pid of the child process that computes."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.pid and b"\0runner\0" in folder.joinpath("cmdline").read_bytes():
                    return int(folder.name)
            except (FileNotFoundError, ProcessLookupError):
                continue
        return None

    @property
    def names(self) -> list[str]:
        return sorted(model["name"] for model in get_json(f"{self.url}/api/tags")["models"])

    @property
    def loaded(self) -> list[str]:
        return [model["name"] for model in get_json(f"{self.url}/api/ps")["models"]]

    def requests_seen(self, path: str = "/") -> int:
        """By Ollama's own access log."""
        lines = self.log.read_text(errors="replace")
        return len(re.findall(rf'\[GIN\].*POST\s+"{re.escape(path)}', lines))


def at_work(ollamas: list[Ollama]) -> list[Ollama]:
    """Those whose model process computes right now; takes 0.2 s."""
    marks = [(ollama, pid, cpu_ticks(pid)) for ollama in ollamas if (pid := ollama.model_runner)]
    time.sleep(0.2)
    return [ollama for ollama, pid, ticks in marks if cpu_ticks(pid) - ticks > 5]


def cpu_ticks(pid: int) -> int:
    """User and system time a process has used, in 1/100 s (proc(5): fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


class SimulatedRunner(Process):
    """`dmr-gateway runner`: for what no real Ollama does here, as there is no registry."""

    def __init__(self, name: str, program: Path, run: Path) -> None:
        super().__init__(f"simulated runner {name}", run / f"simulated-{name}.stderr")
        self.program = program
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, *arguments: str) -> None:
        command = [self.program, "runner", "--listen", f"127.0.0.1:{self.port}", *arguments]
        self.launch(command, {"SWIFT_BACKTRACE": "enable=no"}, f"{self.url}/api/version")

    @property
    def names(self) -> list[str]:
        return sorted(model["name"] for model in get_json(f"{self.url}/api/tags")["models"])


class Gateway(Process):
    def __init__(self, name: str, program: Path, run: Path) -> None:
        super().__init__(f"gateway {name}", run / f"gateway-{name}.stderr")
        self.program = program
        self.folder = run
        self.access_log = run / f"gateway-{name}.jsonl"
        self.state = run / f"state-{name}"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, *arguments: str) -> None:
        command = [self.program, "serve", "--listen", f"127.0.0.1:{self.port}", "--state-dir", self.state]
        command += ["--log-format", "json", "--log-file", self.access_log, *arguments]
        self.launch(command, {"SWIFT_BACKTRACE": "enable=no"}, f"{self.url}/readyz?runners=1")

    def start_with_file(self, configuration: dict) -> None:
        file = self.folder / "configuration.json"
        file.write_text(json.dumps(configuration))
        self.start("--config", str(file))

    def records(self) -> list[dict]:
        """The access log; a line that is no JSON fails the check that asks."""
        lines = self.access_log.read_text().splitlines()
        return [record for record in map(json.loads, lines) if record["message"] == "request"]

    def record(self, request_id: str) -> dict:
        found: list[dict] = []
        wait_until(
            lambda: found.extend(r for r in self.records() if r["id"] == request_id) or found, 5,
            f"an access-log line of request {request_id}")
        return found[0]

    @property
    def peak_memory(self) -> int:
        """KiB."""
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        expect(found, "no VmHWM")
        return int(found.group(1))

    @property
    def usable_runners(self) -> int:
        return get_json(f"{self.url}/readyz")["runners"]["usable"]
