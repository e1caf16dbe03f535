#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Puts the Python clients that scripts/test-clients tests with into its work folder (a virtual environment, 150 MB)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Real"))

import install  # noqa: E402

# Pinned: a test should not change under us. `langchain-ollama` uses the same `ollama` package.
PACKAGES = [*install.CLIENT_PACKAGES, "langchain-ollama==1.1.0", "anthropic==2.10.0"]


def main() -> None:
    install.PROGRAM = "test-clients"
    if sys.version_info < (3, 10):
        install.fail(f"needs Python 3.10 or newer (langchain-ollama does); {sys.executable} is older")
    work = install.work_folder()
    work.mkdir(parents=True, exist_ok=True)
    install.virtual_environment(work / "all-clients", PACKAGES, "getting the Python clients")
    print(work)


if __name__ == "__main__":
    main()
