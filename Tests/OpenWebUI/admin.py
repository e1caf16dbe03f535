# SPDX-License-Identifier: MIT
"""The administrator's pages: the connection to the gateway, and models made and deleted there."""

from __future__ import annotations

import json
from typing import Any

from browser import Browser
from report import Report, expect, wait_until
from servers import MODEL, Gateway, Ollama

# Made in the page, on both runners; it doesn't stop by itself, which Stop needs.
ENDLESS = "endless:latest"


def new_model() -> str:
    """Ollama since 0.5.5 reads `from`, and this older one `modelfile`; the gateway needs to know the base."""
    lines = ["num_predict 2000", "stop ␞", "repeat_penalty 1.3", "temperature 0.8"]
    modelfile = f"FROM {MODEL}\n" + "".join(f"PARAMETER {line}\n" for line in lines)
    return json.dumps({"model": ENDLESS, "from": MODEL, "modelfile": modelfile})


def check_admin(report: Report, gateway: Gateway, ollamas: list[Ollama], browser: Browser) -> None:
    page = browser.page

    def lists() -> str:
        models = [model["id"] for model in browser.session.want("GET", "/api/models")["data"]]
        models = [model for model in models if not model.startswith("arena")]
        expect(models == [MODEL], f"its list has {models}")
        browser.new_chat(MODEL)
        shown = browser.listed_models()
        expect(shown == [MODEL], f"its model picker shows {shown}")
        return f"{shown} once for two runners, in its list and in its model picker"

    def connection() -> str:
        browser.open_connections()
        page.get_by_label("Configure", exact=True).click()
        page.get_by_label("Verify Connection").click()
        said = browser.toast("Server connection verified")
        browser.shoot("connection")
        page.get_by_label("Close modal").click()
        browser.page.get_by_role("button", name="Save").last.click()
        config = browser.session.want("GET", "/ollama/config")
        expect(config["OLLAMA_BASE_URLS"] == [gateway.url], f"{config}")
        return f"“{said}”, {gateway.url}"

    def created() -> str:
        browser.open_connections()
        page.get_by_label("Manage", exact=True).click()
        page.get_by_placeholder("Enter model tag (e.g. my-modelfile)").fill(ENDLESS)
        page.get_by_placeholder('e.g. {"model"').fill(new_model())
        page.get_by_label("Create Model").click()
        wait_until(lambda: all(ENDLESS in ollama.names for ollama in ollamas), 30, f"{ENDLESS} on both Ollamas")
        record = only(gateway, "/api/create")
        browser.shoot("model-created")
        models = [model["id"] for model in browser.session.want("GET", "/api/models")["data"]]
        expect(models.count(ENDLESS) == 1, f"its list has {models}")
        return f"on both Ollamas in {record['ms']} ms, listed once"

    report.section("its administrator's pages")
    report.check("models are listed once each", lists)
    report.check("the connection is verified and saved", connection)
    report.check("a model is created", created)


def check_deletion(report: Report, gateway: Gateway, ollamas: list[Ollama], browser: Browser) -> None:
    page = browser.page

    def deleted() -> str:
        browser.open_connections()
        page.get_by_label("Manage", exact=True).click()
        page.locator("select").filter(has_text="Select a model").first.select_option(ENDLESS)
        page.get_by_label("Delete Model").click()
        # It asks once more.
        page.get_by_role("button", name="Confirm").click()
        wait_until(lambda: not any(ENDLESS in ollama.names for ollama in ollamas), 30, f"no {ENDLESS} on any Ollama")
        only(gateway, "/api/delete")
        return "gone from both Ollamas"

    report.section("its administrator's pages once more")
    report.check("a model is deleted", deleted)


def only(gateway: Gateway, route: str) -> dict[str, Any]:
    found: list[dict] = []
    wait_until(
        lambda: found.extend(r for r in gateway.records() if r["route"] == route) or found, 30,
        f"a {route} in the access log")
    expect(len(found) == 1 and found[0]["status"] == 200, f"{found}")
    return found[0]
