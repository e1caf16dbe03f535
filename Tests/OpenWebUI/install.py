#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Puts what scripts/test-open-webui needs into its work folder: what scripts/test-real needs, and

    open-webui/   a virtual environment with Open WebUI (2.8 GB)
    browser/      a virtual environment with Playwright, which drives the Chromium that is installed
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Real"))

import install  # noqa: E402

# Pinned: its pages are driven by their labels.
OPEN_WEBUI = "open-webui==0.12.4"
# 4 GB less than the one with CUDA, where the index has it.
SMALL_TORCH = "torch==2.13.0+cpu"
PLAYWRIGHT = "playwright==1.65.2"


def main() -> None:
    install.PROGRAM = "test-open-webui"
    install.check_machine()
    if sys.version_info[:2] not in ((3, 11), (3, 12)):
        install.fail("Open WebUI needs Python 3.11 or 3.12: name one with PYTHON=python3.12")
    if not (shutil.which("chromium") or shutil.which("chromium-browser")):
        install.fail("needs Chromium on the PATH (Debian: apt install chromium)")
    work = install.work_folder()
    work.mkdir(parents=True, exist_ok=True)
    install.install_ollama(work)
    install.install_model(work)
    install.virtual_environment(work / "browser", [PLAYWRIGHT], "getting Playwright (170 MB)")
    install.virtual_environment(
        work / "open-webui", [OPEN_WEBUI], "getting Open WebUI (2.8 GB, some minutes)", first=SMALL_TORCH)
    print(work)


if __name__ == "__main__":
    main()
