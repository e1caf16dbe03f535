# SPDX-License-Identifier: MIT
"""Runs every check of scripts/test-open-webui, which installs what this needs."""

from __future__ import annotations

import argparse
import atexit
import fcntl
import hashlib
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Real"))

from report import Failed, Report  # noqa: E402
from servers import Gateway, Ollama, forget_environment, stop_all  # noqa: E402

from admin import check_admin  # noqa: E402
from browser import Browser  # noqa: E402
from chats import check_chats, check_documents  # noqa: E402
from router import check_router  # noqa: E402
from users import check_users  # noqa: E402
from webui import EMBEDDER, TITLE_FORMAT, TITLE_PROMPT, OpenWebUI  # noqa: E402

# Far above a whole run on two busy cores (2 minutes); a hang must end, too.
LONGEST_RUN = 900


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/test-open-webui", description=__doc__)
    parser.add_argument("--gateway", type=Path, required=True, help="the binary to test")
    parser.add_argument("--work", type=Path, required=True, help="where install.py put everything")
    options = parser.parse_args()
    forget_environment()
    # Two runs at once would take each other's processor, and Stop is about time.
    lock = (options.work / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"test-open-webui: another run uses {options.work}; wait for it, or set DMR_REAL_DIR")
    folder = Path(tempfile.mkdtemp(prefix="open-webui-run-", dir=options.work))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"test-open-webui: not done in {LONGEST_RUN} s; logs: {folder}"))
    signal.alarm(LONGEST_RUN)
    atexit.register(stop_all)
    try:
        status = run(options.gateway.absolute(), options.work, folder)
    except Failed as failure:
        sys.exit(f"test-open-webui: {failure}; logs: {folder}")
    except KeyboardInterrupt:
        sys.exit(f"test-open-webui: interrupted; logs: {folder}")
    stop_all()
    if status == 0:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"logs: {folder}", file=sys.stderr)
    return status


def run(program: Path, work: Path, folder: Path) -> int:
    report = Report()
    screenshots = work / "screenshots"
    shutil.rmtree(screenshots, ignore_errors=True)
    screenshots.mkdir()
    ollamas = [Ollama(index, work, folder) for index in range(2)]
    digest = hashlib.sha256(ollamas[0].weights.read_bytes()).hexdigest()
    for ollama in ollamas:
        ollama.link_weights(digest)
        ollama.start()
        ollama.create_model()
        ollama.load_model()
    runners = [argument for ollama in ollamas for argument in ("--runner", ollama.url)]
    gateway = Gateway("main", program, folder)
    gateway.start(*runners)
    main_ui = OpenWebUI("main", work, folder)
    main_ui.start(
        gateway.url, RAG_EMBEDDING_MODEL=EMBEDDER, ENABLE_TITLE_GENERATION="true",
        TITLE_GENERATION_PROMPT_TEMPLATE=TITLE_PROMPT,
        TASK_MODEL_PARAMS=json.dumps({"max_tokens": 40, "format": TITLE_FORMAT}))
    print(f"# Open WebUI, {program.name}, two Ollamas with Gemma 3 270M, all on 127.0.0.1", flush=True)
    admin = main_ui.sign_up("Ada", "ada@example.com")

    browser = Browser(admin, screenshots)
    try:
        check_admin(report, gateway, ollamas, browser)
        check_chats(report, gateway, ollamas, browser)
        check_documents(report, gateway, admin)
        check_router(report, gateway, ollamas, admin)
    finally:
        browser.close()
    main_ui.stop()
    check_users(report, program, work, folder, ollamas)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
