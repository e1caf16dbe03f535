# SPDX-License-Identifier: MIT
"""Open WebUI's own router for Ollamas (`/ollama`) and the gateway's `/docker-model-runner`, asked the same, over the same
two Ollamas: whoever used the one misses nothing with the other."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from report import Report, expect, wait_until
from servers import MODEL, Gateway, Ollama
from webui import Session

SHORT = {"options": {"num_predict": 4}, "stream": False}
ASKED = {"model": MODEL, "messages": [{"role": "user", "content": "Why?"}]}
UNKNOWN = "nosuch:1b"

# Method, path, body. Each is asked of both; the status is the same, and what the one says the other says, too.
CALLS: list[tuple[str, str, Any]] = [
    ("GET", "/", None), ("GET", "/api/tags", None), ("GET", "/api/tags/1", None), ("GET", "/api/ps", None),
    ("GET", "/api/version", None), ("GET", "/api/version/1", None), ("POST", "/api/show", {"model": MODEL}),
    ("POST", "/api/generate", {"model": MODEL, "prompt": "Why?", **SHORT}),
    ("POST", "/api/generate/1", {"model": MODEL, "prompt": "Why?", **SHORT}),
    ("POST", "/api/chat", {**ASKED, **SHORT}), ("POST", "/api/chat/1", {**ASKED, **SHORT}),
    ("POST", "/api/embed", {"model": MODEL, "input": ["a", "b"]}),
    ("POST", "/api/embed/1", {"model": MODEL, "input": "a"}),
    ("POST", "/api/embeddings", {"model": MODEL, "prompt": "a"}),
    ("POST", "/v1/chat/completions", {**ASKED, "max_tokens": 4}),
    ("POST", "/v1/chat/completions/1", {**ASKED, "max_tokens": 4}),
    ("POST", "/v1/completions", {"model": MODEL, "prompt": "Why?", "max_tokens": 4}),
    ("POST", "/v1/embeddings", {"model": MODEL, "input": "a"}),
    ("GET", "/v1/models", None), ("GET", "/v1/models/1", None),
    ("POST", "/api/unload", {"model": MODEL}),
    ("POST", "/api/show", {"model": UNKNOWN}), ("POST", "/api/chat", {**ASKED, **SHORT, "model": UNKNOWN}),
    ("POST", "/api/generate", {"model": UNKNOWN, "prompt": "Why?"}),
    ("POST", "/api/embed", {"model": UNKNOWN, "input": "a"}), ("POST", "/api/unload", {"model": UNKNOWN}),
    ("POST", "/api/copy", {"source": UNKNOWN, "destination": "b"}), ("DELETE", "/api/delete", {"model": UNKNOWN}),
    ("PUT", "/api/tags", None),
]


def ask(url: str, method: str, path: str, body: Any) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def missing(theirs: Any, ours: Any, place: str = "") -> list[str]:
    """What the one has and the other hasn't: members, kinds of values, entries of lists. Values may differ."""
    if isinstance(theirs, dict):
        if not isinstance(ours, dict):
            return [place or "an object"]
        return [found for key, value in theirs.items() for found in (
            missing(value, ours[key], f"{place}.{key}") if key in ours else [f"{place}.{key}"])]
    if isinstance(theirs, list) and theirs:
        return missing(theirs[0], ours[0], f"{place}[0]") if isinstance(ours, list) and ours else [f"{place}[0]"]
    alike = isinstance(ours, (int, float)) if isinstance(theirs, (int, float)) else isinstance(ours, type(theirs))
    return [] if alike else [f"{place}: {ours!r} for {theirs!r}"]


def check_router(report: Report, gateway: Gateway, ollamas: list[Ollama], admin: Session) -> None:
    url = f"{gateway.url}/docker-model-runner"

    def connect(*urls: str) -> None:
        admin.want("POST", "/ollama/config/update", {
            "ENABLE_OLLAMA_API": True, "OLLAMA_BASE_URLS": list(urls),
            "OLLAMA_API_CONFIGS": {str(index): {"enable": True} for index in range(len(urls))}})

    def alike() -> str:
        differ = []
        for method, path, body in CALLS:
            their_status, theirs = admin.call(method, f"/ollama{path}", body)
            our_status, ours = ask(url, method, path, body)
            lacks = missing(theirs, ours)
            if their_status != our_status or lacks:
                differ.append(f"{method} {path} {body}: {their_status} {theirs}, ours {our_status} {ours}, lacks {lacks}")
        expect(not differ, "; ".join(text[:400] for text in differ))
        return f"{len(CALLS)} calls, each with the same status and no member less"

    def better() -> str:
        """What one of their instances is left out of, all of ours have."""
        body = {"source": MODEL, "destination": "copied:1b"}
        expect(admin.want("POST", "/ollama/api/copy", body) is True, "its copy")
        theirs = [ollama.index for ollama in ollamas if "copied:1b" in ollama.names]
        expect(ask(url, "POST", "/api/copy", body) == (200, True), "our copy")
        ours = [ollama.index for ollama in ollamas if "copied:1b" in ollama.names]
        expect(ask(url, "DELETE", "/api/delete", {"model": "copied:1b"}) == (200, True), "our delete")
        left = [ollama.index for ollama in ollamas if "copied:1b" in ollama.names]
        expect(ours == [0, 1] and not left, f"copied by the gateway to {ours}, left on {left}")
        return f"a copy: by its router on {theirs}, by the gateway on {ours}; deleted from both in one call"

    def as_connection() -> str:
        """The prefix is what Open WebUI is given for an Ollama's URL."""
        connect(url)
        models = [model["id"] for model in admin.want("GET", "/api/models?refresh=true")["data"]]
        expect(models.count(MODEL) == 1, f"its list has {models}")
        status, answer = admin.chat(MODEL, "What is the capital of France?")
        expect(status == 200 and answer["choices"][0]["message"]["content"], f"{status} {answer}")
        status, answer = admin.call("POST", "/ollama/api/generate", {
            "model": MODEL, "prompt": "a", "stream": False, "options": {"num_predict": "many"}})
        expect(status >= 400 and "num_predict" in str(answer.get("detail")), f"{status} {answer}")
        return f"models, a chat, and a runner's own error, told as “{answer['detail']}”"

    report.section("its router and ours")
    connect(*(ollama.url for ollama in ollamas))
    wait_until(
        lambda: len(admin.want("GET", "/ollama/api/tags")["models"][0]["urls"]) == 2, 20, "both Ollamas in its router")
    report.check("all that its router answers, /docker-model-runner answers", alike)
    report.check("and over more than one runner better", better)
    report.check("it stands for an Ollama's URL in Open WebUI", as_connection)
    connect(gateway.url)
