# SPDX-License-Identifier: MIT
"""Models made, copied, described, loaded and deleted on two real Ollamas through the gateway, request by request."""

from __future__ import annotations

import hashlib
import http.client
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit

from report import Report, expect, one_line, wait_until
from servers import MODEL, Gateway, Ollama, get_json
from wire import chat

PREFIX = "/docker-model-runner"


def ask(server: str, method: str, path: str, body: object = None, timeout: float = 120) -> tuple[int, str, bytes]:
    """`body`: a document, or a file that is sent while it is read. Gives status, Content-Type and body."""
    connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=timeout)
    try:
        if isinstance(body, Path):
            with body.open("rb") as content:
                connection.request(method, path, content, {"Content-Length": str(body.stat().st_size)})
        else:
            connection.request(method, path, None if body is None else json.dumps(body))
        response = connection.getresponse()
        return response.status, response.getheader("Content-Type", ""), response.read()
    finally:
        connection.close()


def other_weights(original: Path, target: Path) -> str:
    """The same model under another name within its file, so that nobody has the blob. Gives its digest."""
    content = bytearray(original.read_bytes())
    key = content.find(b"general.name")
    expect(key > 0, "no general.name in the model's file")
    # Key, type (4 bytes), length (8 bytes), text.
    content[key + 12 + 4 + 8] ^= 0x20
    target.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def check_management(report: Report, gateway: Gateway, ollamas: list[Ollama]) -> None:
    weights = gateway.folder / "other.gguf"
    digest = other_weights(ollamas[0].weights, weights)
    blob = f"/api/blobs/sha256:{digest}"

    def call(method: str, path: str, body: object = None) -> tuple[int, str, bytes]:
        return ask(gateway.url, method, path, body)

    def names() -> list[list[str]]:
        return [ollama.names for ollama in ollamas]

    # Blobs and create.

    def absent() -> str:
        status, _, body = call("HEAD", blob)
        expect((status, body) == (404, b""), f"{status} {body!r}")
        return "404"

    def malformed() -> str:
        told = [call("HEAD", "/api/blobs/sha256:12")[0], call("POST", "/api/blobs/sha256:12", {})[0]]
        expect(told == [400, 400], f"{told}")
        return "HEAD and POST 400"

    def upload() -> str:
        before = gateway.peak_memory
        status, _, body = call("POST", blob, weights)
        expect(status == 201, f"{status} {body!r}")
        own = [ask(ollama.url, "HEAD", blob)[0] for ollama in ollamas]
        expect(own == [200, 200], f"asked directly: {own}")
        grown = (gateway.peak_memory - before) // 1024
        expect(grown < 32, f"the gateway grew by {grown} MiB")
        return f"{weights.stat().st_size >> 20} MiB on both in one pass; the gateway grew by {grown} MiB"

    def present() -> str:
        told = [call("HEAD", blob)[0], call("HEAD", f"{PREFIX}{blob}/1")[0], call("POST", blob, weights)[0]]
        expect(told == [200, 200, 200], f"{told}")
        return "HEAD, pinned HEAD and POST 200"

    def create() -> str:
        """As this Ollama's own command does it: newer ones send `files`."""
        made = {"model": "made", "modelfile": f"FROM @sha256:{digest}\nPARAMETER num_predict 20\n"}
        status, kind, body = call("POST", "/api/create", made)
        lines = [json.loads(line) for line in body.splitlines()]
        expect((status, kind) == (200, "application/x-ndjson"), f"{status} {kind}")
        expect(lines[-1] == {"status": "success"}, f"{lines}")
        expect(sum(line.get("status") == "success" for line in lines) == 1, f"{lines}")
        expect(all("made:latest" in of_one for of_one in names()), f"{names()}")
        listed = [model["name"] for model in get_json(f"{gateway.url}/api/tags")["models"]]
        expect(listed == ["made:latest", MODEL], f"tags: {listed}")
        return f"{len(lines)} lines, on both, listed at once"

    def create_whole() -> str:
        made = {"model": "made", "modelfile": f"FROM @sha256:{digest}\n", "stream": False}
        status, kind, body = call("POST", "/api/create", made)
        expect((status, json.loads(body)) == (200, {"status": "success"}), f"{status} {kind} {body!r}")
        return one_line(body.decode())

    def create_by_files() -> str:
        status, _, body = call("POST", "/api/create", {"model": "files", "files": {"m.gguf": f"sha256:{digest}"}})
        own = ask(ollamas[0].url, "POST", "/api/create", {"model": "files", "files": {"m.gguf": f"sha256:{digest}"}})
        expect((status, body) == (own[0], own[2]), f"{status} {body!r}, directly {own}")
        expect(all("files:latest" not in of_one for of_one in names()), f"{names()}")
        return f"its own {status}: {one_line(body.decode())}"

    def create_from() -> str:
        status, _, body = call("POST", "/api/create", {"model": "derived", "from": "made", "stream": False})
        own = ask(ollamas[0].url, "POST", "/api/create", {"model": "derived", "from": "made", "stream": False})
        expect((status, body) == (own[0], own[2]), f"{status} {body!r}, directly {own}")
        return f"its own {status}: {one_line(body.decode())}"

    # Copy, show, delete.

    def copy() -> str:
        told = call("POST", "/api/copy", {"source": "made", "destination": "twin"})
        expect((told[0], told[2]) == (200, b""), f"{told}")
        told = call("POST", f"{PREFIX}/api/copy", {"source": "made", "destination": "twin2"})
        expect((told[0], told[2]) == (200, b"true"), f"{told}")
        expect(all({"twin:latest", "twin2:latest"} <= set(of_one) for of_one in names()), f"{names()}")
        return "empty 200 at the root, true under the prefix, on both"

    def copy_unknown() -> str:
        told = call("POST", "/api/copy", {"source": "nosuch", "destination": "x"})
        expect((told[0], json.loads(told[2])) == (404, {"error": 'model "nosuch" not found'}), f"{told}")
        own = ask(ollamas[0].url, "POST", "/api/copy", {"source": "nosuch", "destination": "x"})
        expect((told[0], json.loads(told[2])) == (own[0], json.loads(own[2])), f"directly {own}")
        return "Ollama's 404, word for word"

    def show() -> str:
        ours = json.loads(call("POST", "/api/show", {"model": "twin"})[2])
        own = json.loads(ask(ollamas[1].url, "POST", "/api/show", {"model": "twin"})[2])
        for shown in (ours, own):
            shown.pop("modified_at", None)
            # It names the runner's own file.
            shown.pop("modelfile", None)
        expect(ours == own, "it is not what the runner says")
        return f"{len(ours)} fields, as the runner's own"

    def show_unknown() -> str:
        told = call("POST", "/api/show", {"model": "nosuch"})
        expect((told[0], json.loads(told[2])) == (404, {"error": "model 'nosuch:latest' not found"}), f"{told}")
        own = json.loads(ask(ollamas[0].url, "POST", "/api/show", {"model": "nosuch"})[2])
        return f"404 with the tag, at which the command pulls; 0.5.4 itself says {own['error']}"

    def delete() -> str:
        told = call("DELETE", "/api/delete", {"model": "twin"})
        expect((told[0], told[2]) == (200, b""), f"{told}")
        told = call("DELETE", f"{PREFIX}/api/delete", {"name": "twin2"})
        expect((told[0], told[2]) == (200, b"true"), f"{told}")
        # One that is gone from one of them already.
        ask(ollamas[1].url, "DELETE", "/api/delete", {"model": "made"})
        told = call("DELETE", "/api/delete", {"model": "made"})
        expect((told[0], told[2]) == (200, b""), f"{told}")
        expect(names() == [[MODEL], [MODEL]], f"{names()}")
        return "from both; gone from one already is no failure"

    def delete_unknown() -> str:
        told = call("DELETE", "/api/delete", {"model": "nosuch"})
        expect((told[0], json.loads(told[2])) == (404, {"error": "model 'nosuch' not found"}), f"{told}")
        own = ask(ollamas[0].url, "DELETE", "/api/delete", {"model": "nosuch"})
        expect((told[0], json.loads(told[2])) == (own[0], json.loads(own[2])), f"directly {own}")
        return "Ollama's 404, word for word"

    # Load and unload.

    def expiry() -> datetime:
        text = get_json(f"{ollamas[0].url}/api/ps")["models"][0]["expires_at"]
        # Go's fraction has nine digits, Python's at most six.
        return datetime.fromisoformat(text.replace("Z", "+00:00")[:19] + "+00:00")

    def keep_forever() -> str:
        body = {"model": MODEL, "keep_alive": -1}
        for place in (0, 1):
            status, kind, answer = call("POST", f"{PREFIX}/api/generate/{place}", body)
            expect(status == 200 and json.loads(answer)["done_reason"] == "load", f"{status} {kind} {answer!r}")
        expect(expiry() > datetime.now(timezone.utc) + timedelta(days=36500), f"expires {expiry()}")

        def told() -> int:
            return get_json(f"{gateway.url}{PREFIX}/api/tags")["models"][0].get("expires_at", 0)

        # The gateway reads what is loaded every 5 s.
        took = wait_until(lambda: told() > 4_000_000_000, 15, "the expiry in the gateway's tags")
        loaded = get_json(f"{gateway.url}{PREFIX}/api/ps")["models"]
        expect(len(loaded) == 1 and loaded[0]["urls"] == [0, 1], f"ps: {loaded}")
        return f"until {expiry().year}; tags say {told()} after {took:.1f} s"

    def unload() -> str:
        status, kind, answer = call("POST", "/api/generate", {"model": MODEL, "keep_alive": 0})
        expect(status == 200 and json.loads(answer)["done_reason"] == "unload", f"{status} {kind} {answer!r}")
        wait_until(lambda: [ollama.loaded for ollama in ollamas] == [[], []], 10, "both are empty")
        expect(get_json(f"{gateway.url}/api/ps")["models"] == [], "the gateway's ps still shows it")
        return "from both, and gone from the gateway's ps"

    def unload_by_router() -> str:
        for ollama in ollamas:
            ollama.load_model()
        wait_until(
            lambda: get_json(f"{gateway.url}{PREFIX}/api/ps")["models"][0:1] and get_json(
                f"{gateway.url}{PREFIX}/api/ps")["models"][0]["urls"] == [0, 1], 15, "both loaded")
        status, _, answer = call("POST", f"{PREFIX}/api/unload", {"model": MODEL})
        expect((status, json.loads(answer)) == (200, {"status": True}), f"{status} {answer!r}")
        wait_until(lambda: [ollama.loaded for ollama in ollamas] == [[], []], 10, "both are empty")
        return "from both"

    def load_again() -> str:
        for place in (0, 1):
            status, _, answer = call("POST", f"{PREFIX}/api/chat/{place}", {"model": MODEL})
            expect(status == 200 and json.loads(answer)["done_reason"] == "load", f"{status} {answer!r}")
        return "both, by their pins"

    # A registry that nobody reaches.

    def pull() -> str:
        status, kind, body = call("POST", "/api/pull", {"model": "registry.invalid/library/x", "insecure": True})
        lines = [json.loads(line) for line in body.splitlines()]
        expect((status, kind) == (200, "application/x-ndjson"), f"{status} {kind}")
        expect("error" in lines[-1] and not any(line.get("status") == "success" for line in lines), f"{lines}")
        expect("runner 0" in lines[-1]["error"] and "runner 1" in lines[-1]["error"], f"{lines[-1]}")
        return f"the last line names both: {one_line(lines[-1]['error'], 120)}"

    def pull_whole() -> str:
        body = {"model": "registry.invalid/library/x", "insecure": True, "stream": False}
        status, _, answer = call("POST", "/api/pull", body)
        expect(status == 500 and json.loads(answer)["error"], f"{status} {answer!r}")
        return f"500 {one_line(json.loads(answer)['error'], 100)}"

    # Where this Ollama is older than the contract.

    def lacking(method: str, path: str, body: object = None) -> str:
        """It has no such route: at the root its own words, under the prefix ours, and nobody is ejected for it."""
        ours, own = call(method, path, body), ask(ollamas[0].url, method, path, body)
        expect(ours[0] == own[0] == 404 and ours[2] == own[2] == b"404 page not found", f"{ours}, directly {own}")
        status, _, told = call(method, PREFIX + path, body)
        expect(status == 404 and json.loads(told)["detail"], f"{status} {told!r}")
        expect(gateway.usable_runners == 2, f"{gateway.usable_runners} usable runners")
        text = json.loads(told)["detail"]
        return f"404 page not found; under the prefix: {one_line(text, 90)}"

    def signing_out() -> str:
        status, _, told = call("POST", "/api/signout")
        expect(status == 404 and told == b"404 page not found", f"{status} {told!r}")
        return "404 page not found: all of them lack it"

    def heads() -> str:
        told = {path: call("HEAD", path)[0] for path in ("/", "/api/version", "/api/tags", "/api/ps", "/v1/models")}
        expect(set(told.values()) == {200}, f"{told}")
        own = {path: ask(ollamas[0].url, "HEAD", path)[0] for path in told}
        return f"all 200; its own {own}"

    def wrong_method() -> str:
        ours, own = call("GET", "/api/chat"), ask(ollamas[0].url, "GET", "/api/chat")
        expect((ours[0], ours[2]) == (405, b"405 method not allowed"), f"{ours}")
        return f"405 with Allow; its own {own[0]} {own[2].decode()}"

    report.section("blobs and create")
    report.check("HEAD of a blob that nobody has", absent)
    report.check("a digest that is none", malformed)
    report.check("POST of a blob", upload)
    report.check("the blob is there", present)
    report.check("create, streamed", create)
    report.check("create, in one piece", create_whole)
    report.check_older("create by files", create_by_files)
    report.check_older("create by from", create_from)
    report.section("copy, show, delete")
    report.check("copy", copy)
    report.check("copy of what nobody has", copy_unknown)
    report.check("show", show)
    report.check("show of what nobody has", show_unknown)
    report.check("delete", delete)
    report.check("delete of what nobody has", delete_unknown)
    report.section("load and unload")
    report.check("keep_alive -1, pinned to each", keep_forever)
    report.check("keep_alive 0", unload)
    report.check("/api/unload under the prefix", unload_by_router)
    report.check("load by an empty chat, pinned to each", load_again)
    report.section("pull without a registry")
    report.check("pull, streamed", pull)
    report.check("pull, in one piece", pull_whole)
    report.section("where Ollama 0.5.4 is older")
    report.check_older("/v1/responses", lambda: lacking("POST", "/v1/responses", {"model": MODEL, "input": "a"}))
    report.check_older("/v1/messages", lambda: lacking("POST", "/v1/messages", {**chat("a"), "max_tokens": 9}))
    report.check_older("/api/status", lambda: lacking("GET", "/api/status"))
    report.check_older("/api/me", lambda: lacking("POST", "/api/me"))
    report.check_older("/api/signout", signing_out)
    report.check_older(
        "/api/experimental/web_search", lambda: lacking("POST", "/api/experimental/web_search", {"query": "a"}))
    report.check_older("HEAD of lists", heads)
    report.check_older("another method", wrong_method)
    weights.unlink()
