"""Chromium, one for all tests of a process, and what its pages must not do."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import expect, sync_playwright

from tests.console.serving import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PATIENCE_MS = 30_000
WIDE, NARROW = (1280, 900), (360, 780)


def found() -> str | None:
    """Return where a Chromium is, None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextlib.contextmanager
def launched() -> Iterator[Browser]:
    """Start one. It speaks to this machine only."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Person:
    """Somebody at a browser of their own: a context with its own cookies, and one page.

    `troubles` has whatever the page complained of or fetched from elsewhere.
    """

    def __init__(
        self, browser: Browser, url: str, *, dark: bool = False, scripts: bool = True
    ) -> None:
        width, height = WIDE
        self.url = url
        self.troubles: list[str] = []
        self._context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            base_url=url,
            java_script_enabled=scripts,
        )
        self._context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self._context.new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("request", lambda request: self._asks(request.url))

    def sign_in(self, name: str) -> None:
        """Sign in as a person does, and see the overview."""
        self.page.goto("/sign-in")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("link", name="Overview")).to_be_visible(timeout=PATIENCE_MS)

    def carry(self, name: str, token: str) -> None:
        """Have a session that was made elsewhere."""
        self._context.add_cookies([{"name": name, "value": token, "url": self.url}])

    def look_at(self, *, dark: bool, size: tuple[int, int]) -> None:
        """See the page as it stands in another light, or on a screen of another size."""
        width, height = size
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme="dark" if dark else "light")

    def shoot(self, file: Path) -> None:
        """Keep what is seen."""
        self.page.screenshot(path=file, full_page=True)

    def close(self) -> None:
        self._context.close()

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.troubles.append(f"{message.type}: {message.text} ({self.page.url})")

    def _asks(self, address: str) -> None:
        asked, ours = urlsplit(address), urlsplit(self.url)
        if asked.scheme != "data" and (asked.scheme, asked.netloc) != (ours.scheme, ours.netloc):
            self.troubles.append(f"asks {address}")
