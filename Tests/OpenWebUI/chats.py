# SPDX-License-Identifier: MIT
"""What its users do: a chat with its title, Stop, a document that is searched."""

from __future__ import annotations

import datetime
import time

from admin import ENDLESS, check_deletion
from browser import Browser
from report import Report, expect, one_line, wait_until
from servers import MODEL, Gateway, Ollama
from watch import Watch, told_within
from webui import Session

# From the click in the page until Ollama has ended the request, on two cores that a browser, Open WebUI and a model share.
STOP_WITHIN = 0.2

QUESTION = "What is the capital of France?"


def chats_of(gateway: Gateway) -> list[dict]:
    return [record for record in gateway.records() if record["route"] == "/api/chat"]


def check_chats(report: Report, gateway: Gateway, ollamas: list[Ollama], browser: Browser) -> None:
    page = browser.page

    def answered() -> str:
        before = len(chats_of(gateway))
        browser.new_chat(MODEL)
        browser.ask(QUESTION)
        text = browser.answer()
        expect("Paris" in text, f"it says {text!r}")
        browser.shoot("answered")
        record = chats_of(gateway)[before]
        expect(record["status"] == 200 and record["model"] == MODEL, f"{record}")
        return f"“{one_line(text)}” by runner {record['runner']} in {record['ms']} ms"

    def titled() -> str:
        chat = browser.chat_id
        path = f"/api/v1/chats/{chat}"
        wait_until(lambda: browser.session.want("GET", path)["title"] != "New Chat", 60, "a title", every=0.5)
        title = browser.session.want("GET", path)["title"]
        records = chats_of(gateway)
        expect(len(records) == 2 and records[1]["status"] == 200, f"{records}")
        expect(title != QUESTION, "it is the question: Open WebUI found no title in the model's answer")
        return f"“{one_line(title)}”, made by runner {records[1]['runner']}"

    def stop_pressed() -> str:
        before = len(chats_of(gateway))
        browser.new_chat(ENDLESS)
        browser.ask("Tell me a very long story about a city by the sea.")
        page.get_by_label("Stop", exact=True).wait_for()
        wait_until(lambda: len(page.locator("#response-content-container").last.inner_text()) > 60, 60, "an answer")
        page.locator("#model-selector-model-button").click()
        time.sleep(0.5)
        browser.shoot("answering")
        page.keyboard.press("Escape")
        # Its title is asked for at the same time, of the other runner, and goes on.
        watches = [Watch(ollama, "/api/chat") for ollama in ollamas]
        button = page.get_by_label("Stop", exact=True)
        # The page says when it was pressed: Playwright's own way to the button doesn't count.
        page.evaluate("document.addEventListener('click', () => { window.pressedAt = Date.now() }, { capture: true })")
        button.click()
        pressed = page.evaluate("window.pressedAt") / 1000
        stopped = lambda: [record for record in chats_of(gateway)[before:] if record["status"] == 499]  # noqa: E731
        wait_until(stopped, 5, "a line with status 499 in the access log", every=0.01)
        record = stopped()[0]
        after = datetime.datetime.fromisoformat(record["time"].replace("Z", "+00:00")).timestamp() - pressed
        watched = watches.pop(record["runner"]).after(pressed)
        for other in watches:
            other.stop()
        figures = told_within(watched, pressed, STOP_WITHIN)
        return f"the gateway's 499 {after * 1000:.0f} ms after the click; at runner {record['runner']} {figures}"

    report.section("a chat")
    report.check("it is answered in the browser", answered)
    report.check("it gets a title", titled)
    report.check("Stop in the middle reaches the runner", stop_pressed)
    check_deletion(report, gateway, ollamas, browser)


def check_documents(report: Report, gateway: Gateway, admin: Session) -> None:
    def embedded() -> str:
        text = "The lighthouse of Brindle is painted green. " * 30 + "Its keeper is called Orla."
        file = admin.upload("/api/v1/files/?process=true&process_in_background=false", "lighthouse.txt", text.encode())
        knowledge = admin.want(
            "POST", "/api/v1/knowledge/create", {"name": "Lights", "description": "Lighthouses"})
        admin.want("POST", f"/api/v1/knowledge/{knowledge['id']}/file/add", {"file_id": file["id"]})
        found = admin.want(
            "POST", "/api/v1/retrieval/query/collection",
            {"collection_names": [knowledge["id"]], "query": "Who keeps the lighthouse?", "k": 1})
        records = [record for record in gateway.records() if record["route"] == "/api/embed"]
        expect(len(records) >= 2 and all(record["status"] == 200 for record in records), f"{records}")
        expect("lighthouse" in str(found["documents"]), f"{found}")
        return f"{len(records)} × /api/embed, by runners {sorted({record['runner'] for record in records})}; found again"

    report.section("a document")
    report.check("it is embedded and found", embedded)
