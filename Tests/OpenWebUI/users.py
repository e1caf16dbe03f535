# SPDX-License-Identifier: MIT
"""Two users of one Open WebUI, with one key of the gateway and different models: told by plain fields, and by signed ones."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from report import Report, expect
from servers import MODEL, Gateway, Ollama
from webui import OpenWebUI, Session

OTHER = "other:latest"
SECRET = "dmr-test-only: thirty-two bytes and more"
USERS = [
    {"match": {"role": "admin"}},
    {"match": {"email": "bob@example.com"}, "models": [MODEL]},
    {"match": {"email": "eve@example.com"}, "models": [OTHER]},
]


def post(url: str, body: dict, headers: dict[str, str]) -> tuple[int, str]:
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def new_key(program: Path, folder: Path) -> tuple[str, dict]:
    printed = subprocess.run(
        [program, "key", "new", "open-webui", "--scope", "read", "--scope", "inference", "--print"],
        capture_output=True, text=True, check=True, env={"HOME": str(folder)}).stdout
    key, _, entry = printed.partition("\n")
    return key, {**json.loads(entry), "asserts_user": True}


def check_users(report: Report, program: Path, work: Path, folder: Path, ollamas: list[Ollama]) -> None:
    for ollama in ollamas:
        status, text = post(f"{ollama.url}/api/copy", {"source": MODEL, "destination": OTHER}, {})
        expect(status == 200, f"copy on {ollama.name}: {status} {text}")
    for name, secret in [("plain", ""), ("signed", SECRET)]:
        key, entry = new_key(program, folder)
        gateway = Gateway(name, program, folder)
        access = {"keys": [entry], "users": USERS, **({"jwt_secret": secret} if secret else {})}
        gateway.start_with_file({"runners": [{"url": ollama.url} for ollama in ollamas], "access": access})
        ui = OpenWebUI(name, work, folder)
        settings = {"FORWARD_USER_INFO_HEADER_JWT_SECRET": secret} if secret else {}
        configs = json.dumps({"0": {"enable": True, "key": key}})
        ui.start(
            gateway.url, ENABLE_FORWARD_USER_INFO_HEADERS="true", OLLAMA_API_CONFIGS=configs,
            # Its own access control would be in the way of what is tested here.
            BYPASS_MODEL_ACCESS_CONTROL="true", ENABLE_TITLE_GENERATION="false", **settings)
        admin = ui.sign_up("Ada", "ada@example.com")
        bob, eve = (ui.add_user(admin, who, f"{who.lower()}@example.com") for who in ("Bob", "Eve"))
        report.section(f"two users, told by {name} fields")
        report.check("each may use the models of his rule", lambda: allowed(gateway, admin, bob, eve))
        report.check("and no others", lambda: forbidden(gateway, bob, eve))
        missing = "FORWARD_USER_INFO_HEADER_JWT_SECRET" if secret else "ENABLE_FORWARD_USER_INFO_HEADERS"
        report.check("who names no user may not infer", lambda: unnamed(gateway, key, missing))
        if secret:
            report.check("plain fields count for nothing", lambda: forged(gateway, key))
        report.check("the log holds neither the key nor a question", lambda: clean(gateway, key))
        ui.stop()
        gateway.stop()


def allowed(gateway: Gateway, admin: Session, bob: Session, eve: Session) -> str:
    lines = []
    for user, model in [(admin, MODEL), (admin, OTHER), (bob, MODEL), (eve, OTHER)]:
        # As its page does before a chat: its list of models is a cache.
        seen = [entry["id"] for entry in user.want("GET", "/api/models")["data"]]
        expect(model in seen, f"{user.name} is shown {seen}")
        status, answer = user.chat(model, "What is the capital of France?")
        expect(status == 200 and answer["choices"][0]["message"]["content"], f"{user.name}, {model}: {status} {answer}")
        lines.append(f"{user.name} {model} of {len(seen)} shown")
    served = [(r["model"], r["status"]) for r in gateway.records() if r["route"] == "/api/chat"]
    expect(len(served) == 4 and {status for _, status in served} == {200}, f"{served}")
    return ", ".join(lines)


def forbidden(gateway: Gateway, bob: Session, eve: Session) -> str:
    before = len(gateway.records())
    lines = []
    for user, model in [(bob, OTHER), (eve, MODEL)]:
        # The administrator's list, which is cached for all, has it: so the gateway is asked.
        status, answer = user.chat(model, "What is the capital of France?")
        expect(status >= 400, f"{user.name}, {model}: {status} {answer}")
        lines.append(f"{user.name} {model}: {status} {answer.get('detail', answer) if isinstance(answer, dict) else answer}")
    served = [r for r in gateway.records()[before:] if r["route"] == "/api/chat" and r["status"] == 200]
    expect(not served, f"{served}")
    refused = [r["status"] for r in gateway.records()[before:] if r["route"] == "/api/chat"]
    return f"{'; '.join(lines)}; refused by the gateway itself: {refused}"


def unnamed(gateway: Gateway, key: str, missing: str) -> str:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "x"}], "stream": False}
    status, text = post(f"{gateway.url}/api/chat", body, {"Authorization": f"Bearer {key}"})
    expect(status == 403 and missing in text, f"{status} {text}")
    return f"403 {json.loads(text)['error']}"


def forged(gateway: Gateway, key: str) -> str:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "x"}], "stream": False}
    fields = {"X-OpenWebUI-User-Role": "admin", "X-OpenWebUI-User-Email": "ada@example.com", "X-OpenWebUI-User-Id": "1"}
    status, text = post(f"{gateway.url}/api/chat", body, {"Authorization": f"Bearer {key}", **fields})
    expect(status == 403, f"{status} {text}")
    return f"403 {json.loads(text)['error']}"


def clean(gateway: Gateway, key: str) -> str:
    text = gateway.access_log.read_text() + gateway.log.read_text()
    for word in (key, "capital of France", SECRET):
        expect(word not in text, f"it holds {word[:8]}…")
    return f"{len(gateway.records())} requests"
