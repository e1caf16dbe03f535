# SPDX-License-Identifier: MIT
"""An Open WebUI on loopback, and its API as its pages use it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from report import expect
from servers import MODEL, Process, free_port

# The little model embeds, too.
EMBEDDER = MODEL
# Open WebUI wants a title as JSON, and takes the question itself for one where it can't find any in the answer. The
# little model is a base model: examples show it what is wanted, and Ollama's structured output keeps it to the form.
TITLE_PROMPT = """How do I bake bread?
Title: {"title": "Baking Bread"}
Who wrote Hamlet?
Title: {"title": "The Author of Hamlet"}
{{prompt}}
Title:"""
TITLE_FORMAT = {
    "type": "object", "properties": {"title": {"type": "string", "minLength": 3, "maxLength": 40}}, "required": ["title"]}

# Of users that exist on this machine for the time of one run.
PASSWORD = "dmr-test-only"


class Session:
    """A signed-in user."""

    def __init__(self, url: str, name: str, email: str, token: str) -> None:
        self.url = url
        self.name = name
        self.email = email
        self.token = token

    def send(self, method: str, path: str, body: bytes | None, kind: str) -> tuple[int, bytes]:
        headers = {"Content-Type": kind}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        encoded = None if body is None else json.dumps(body).encode()
        status, answer = self.send(method, path, encoded, "application/json")
        try:
            return status, json.loads(answer)
        except ValueError:
            return status, answer.decode(errors="replace")

    def want(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.call(method, path, body)
        expect(status == 200, f"{method} {path}: {status} {str(answer)[:300]}")
        return answer

    def upload(self, path: str, name: str, content: bytes, kind: str = "text/plain") -> Any:
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        body = f"{head}Content-Type: {kind}\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode()
        status, answer = self.send("POST", path, body, f"multipart/form-data; boundary={boundary}")
        expect(status == 200, f"POST {path}: {status} {answer[:300]!r}")
        return json.loads(answer)

    def chat(self, model: str, question: str) -> tuple[int, Any]:
        """One answer in one piece, without a chat in the database."""
        return self.call("POST", "/api/chat/completions", {
            "model": model, "messages": [{"role": "user", "content": question}], "stream": False, "max_tokens": 20})


class OpenWebUI(Process):
    def __init__(self, name: str, work: Path, run: Path) -> None:
        super().__init__(f"Open WebUI {name}", run / f"open-webui-{name}.log")
        self.program = work / "open-webui/bin/open-webui"
        self.data = run / f"open-webui-{name}"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, ollama_url: str, **settings: str) -> None:
        self.data.mkdir()
        env = {
            "DATA_DIR": str(self.data), "WEBUI_SECRET_KEY": "dmr-test-only", "ENABLE_SIGNUP": "true",
            "OLLAMA_BASE_URLS": ollama_url, "ENABLE_OPENAI_API": "false",
            "RAG_EMBEDDING_ENGINE": "ollama", "RAG_OLLAMA_BASE_URL": ollama_url,
            # Work behind the user's back would blur what is counted; titles are what one check is about.
            "ENABLE_TAGS_GENERATION": "false", "ENABLE_FOLLOW_UP_GENERATION": "false",
            "ENABLE_AUTOCOMPLETE_GENERATION": "false",
            # The little model's template knows no tools.
            "DEFAULT_MODEL_PARAMS": '{"function_calling":"legacy"}',
            # It asks nobody but the gateway.
            "ENABLE_VERSION_UPDATE_CHECK": "false", "ENABLE_COMMUNITY_SHARING": "false", "OFFLINE_MODE": "true",
            "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "false", "DO_NOT_TRACK": "true",
            "SCARF_NO_ANALYTICS": "true", **settings,
        }
        self.launch(
            [self.program, "serve", "--host", "127.0.0.1", "--port", str(self.port)], env, f"{self.url}/health", 180)

    def sign_up(self, name: str, email: str) -> Session:
        """The first one is the administrator."""
        anonymous = Session(self.url, "", "", "")
        answer = anonymous.want(
            "POST", "/api/v1/auths/signup", {"name": name, "email": email, "password": PASSWORD})
        return Session(self.url, name, email, answer["token"])

    def add_user(self, admin: Session, name: str, email: str) -> Session:
        answer = admin.want(
            "POST", "/api/v1/auths/add", {"name": name, "email": email, "password": PASSWORD, "role": "user"})
        return Session(self.url, name, email, answer["token"])
