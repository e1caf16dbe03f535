# SPDX-License-Identifier: MIT
"""Open WebUI's pages in a real Chromium, driven by their labels as a person reads them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from report import expect
from webui import Session


class Browser:
    """One window of one signed-in user."""

    def __init__(self, session: Session, screenshots: Path) -> None:
        # Else the first page is covered by news about the version.
        version = session.want("GET", "/api/version")["version"]
        session.want("POST", "/api/v1/users/user/settings/update", {"ui": {"version": version}})
        self.session = session
        self.screenshots = screenshots
        self.playwright = sync_playwright().start()
        # As root Chromium has no sandbox; the only pages it opens are those of our own Open WebUI.
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        self.chromium = self.playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        context = self.chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
        values = {"token": session.token, "locale": "en-US", "theme": "light"}
        context.add_init_script("".join(f"localStorage.setItem({k!r}, {v!r});" for k, v in values.items()))
        self.page: Page = context.new_page()
        self.page.set_default_timeout(20_000)

    def close(self) -> None:
        self.chromium.close()
        self.playwright.stop()

    def shoot(self, name: str) -> Path:
        file = self.screenshots / f"{name}.png"
        self.page.screenshot(path=file)
        return file

    # A chat.

    def new_chat(self, model: str) -> None:
        self.page.goto(f"{self.session.url}/?models={model}")
        self.page.locator("#chat-input").wait_for()
        self.page.get_by_label(f"Selected model: {model}").wait_for()

    def ask(self, question: str) -> None:
        self.page.locator("#chat-input").click()
        self.page.keyboard.type(question)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/c/*")

    @property
    def chat_id(self) -> str:
        return self.page.url.rsplit("/", 1)[-1]

    def answer(self) -> str:
        """Waits for its end: only a finished answer can be asked for again."""
        self.page.get_by_label("Regenerate").first.wait_for(timeout=90_000)
        return self.page.locator("#response-content-container").last.inner_text().strip()

    def listed_models(self) -> list[str]:
        self.page.locator("#model-selector-model-button").click()
        self.page.locator("[id^=model-option-]").first.wait_for()
        labels = [option.get_attribute("aria-label") for option in self.page.locator("[id^=model-option-]").all()]
        self.page.keyboard.press("Escape")
        return [str(label).removeprefix("Select ").removesuffix(" model") for label in labels if label]

    # The administrator's settings.

    def open_connections(self) -> None:
        self.page.goto(f"{self.session.url}/admin/settings")
        self.page.get_by_role("button", name="Back").wait_for()
        self.page.get_by_text("Connections", exact=True).last.click()
        self.page.get_by_label("Manage", exact=True).wait_for()

    def toast(self, text: str, seconds: float = 30) -> str:
        found = self.page.locator("[data-sonner-toast]").filter(has_text=text).first
        found.wait_for(timeout=seconds * 1000)
        return found.inner_text()
