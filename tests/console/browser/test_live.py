"""The overview keeps itself up to date, and says so when it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.console.serving import COOKIE
from tests.workers.scene import capture

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.console.browser.chromium import Person
    from tests.console.serving import Served
    from tests.workers.scene import Scene

SEEN_MS = 20_000
HIDE = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"


def test_what_happens_shows_without_a_reload_and_leaves_what_is_open_open(
    console: Served, person: Callable[..., Person], scene: Scene
) -> None:
    one = person()
    one.carry(COOKIE, console.signed_in("ada").token or "")
    one.page.goto("/")
    letters = one.page.locator(".tiles div").filter(has_text="Open dead letters").locator("dd")
    before = int(letters.inner_text())
    one.page.get_by_text("As a table").first.click()
    one.page.evaluate("window.isTheSame = true")

    scene.hear(capture("nobody-asked", 5_000, "T9"))

    expect(letters).to_have_text(str(before + 1), timeout=SEEN_MS)
    assert one.page.evaluate("window.isTheSame")
    assert one.page.locator("figure details").first.get_attribute("open") is not None


def test_a_session_that_ends_leads_to_the_sign_in_page(
    console: Served, person: Callable[..., Person]
) -> None:
    one = person()
    one.carry(COOKIE, console.signed_in("ada").token or "")
    one.page.goto("/")

    console.clock.advance(hours=13)

    expect(one.page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=SEEN_MS)
    one.troubles[:] = [each for each in one.troubles if "401" not in each]


def test_a_console_that_is_away_leaves_the_figures_and_says_that_they_are_old(
    console: Served, person: Callable[..., Person]
) -> None:
    one = person()
    one.carry(COOKIE, console.signed_in("ada").token or "")
    one.page.goto("/")
    stale = one.page.get_by_text("these figures are old")
    expect(stale).to_be_hidden()

    one.page.route("**/*", lambda route: route.abort())
    expect(stale).to_be_visible(timeout=SEEN_MS)
    expect(one.page.locator(".tiles")).to_be_visible()
    one.page.unroute_all()
    expect(stale).to_be_hidden(timeout=SEEN_MS)
    one.troubles.clear()


def test_a_tab_that_nobody_sees_asks_for_nothing(
    console: Served, person: Callable[..., Person]
) -> None:
    one = person()
    one.carry(COOKIE, console.signed_in("ada").token or "")
    one.page.clock.install()
    one.page.add_init_script(HIDE % "true")
    one.page.goto("/")
    asked: list[str] = []
    one.page.on("request", lambda request: asked.append(request.url))

    one.page.clock.run_for(60_000)
    assert [each for each in asked if "/assets/" not in each] == []

    with one.page.expect_request(f"{console.url}/"):
        one.page.evaluate(
            (HIDE % "false") + "document.dispatchEvent(new Event('visibilitychange'))"
        )
