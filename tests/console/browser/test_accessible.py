"""Every page for everybody: axe-core finds nothing serious, and nothing sticks out of a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import expect

from domain.operators import Role
from tests.console.browser.believable import MISMATCHED, MISTYPED
from tests.console.browser.chromium import NARROW, WIDE
from tests.console.browser.everywhere import addresses
from tests.console.serving import COOKIE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.console.browser.chromium import Person
    from tests.console.serving import Served
    from tests.workers.scene import Scene

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
OF_COLOURS = ("color-contrast",)
"""What may be another in the dark; all else is the same document."""

SERIOUS = {"serious", "critical"}
FIND = "options => axe.run(options).then(found => found.violations)"
STYLED = """() => [...document.querySelectorAll("body *")].map(each =>
    [each.parentElement, each].map(e => `${e.tagName}.${e.className}`).join(" > "))"""
"""What there is on a page that rules of style may be for: each element within its parent."""


class Eye:
    """Looks at pages one after the other; the colours of the dark only where there are new ones."""

    def __init__(self) -> None:
        self._seen_in_the_dark: set[str] = set()

    def findings(self, one: Person) -> list[str]:
        """Return what axe-core finds serious, and whatever is wider than a screen."""
        one.page.evaluate(AXE_SCRIPT)
        one.look_at(dark=False, size=WIDE)
        said = [*_serious(one, "tag", TAGS), *_too_wide(one)]
        one.look_at(dark=True, size=NARROW)
        styled = set(one.page.evaluate(STYLED))
        if not styled <= self._seen_in_the_dark:
            said += _serious(one, "rule", OF_COLOURS)
        self._seen_in_the_dark |= styled
        return [*said, *_too_wide(one)]


def _too_wide(one: Person) -> list[str]:
    width = one.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"{one.page.url}: {width} px too wide"] if width > 0 else []


def _serious(one: Person, kind: str, values: Sequence[str]) -> list[str]:
    options = {"resultTypes": ["violations"], "runOnly": {"type": kind, "values": values}}
    found = one.page.evaluate(FIND, options)
    return [
        f"{one.page.url}: {each['id']} {node['html'][:200]} {node['failureSummary']}"
        for each in found
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]


def test_no_page_has_serious_findings_or_is_wider_than_its_screen(
    console: Served, person: Callable[..., Person], scene: Scene
) -> None:
    one, eye = person(), Eye()
    one.page.goto("/sign-in")
    found = eye.findings(one)
    one.carry(COOKIE, console.signed_in("ada", Role.APPROVER).token or "")

    for address in addresses(scene):
        answer = one.page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        one.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        found += eye.findings(one)
    assert found == []


def test_what_acts_answer_with_has_no_serious_findings_either(
    console: Served, person: Callable[..., Person], scene: Scene
) -> None:
    one, eye = person(), Eye()
    one.carry(COOKIE, console.signed_in("ada").token or "")
    letter_id = scene.value("SELECT id FROM dead_letters WHERE reference = %s", [MISTYPED])
    one.page.goto(f"/dead-letters/{letter_id}")

    one.page.get_by_role("button", name="Dry run").click()
    expect(one.page.get_by_text("Nothing was changed.")).to_be_visible()
    found = eye.findings(one)
    one.page.go_back()
    one.page.get_by_text("See all of it").click()
    one.page.get_by_label("Why must it be seen?").fill("to mend it")
    one.page.get_by_role("button", name="Reveal").click()
    expect(one.page.get_by_text("It is written down that you saw it.")).to_be_visible()
    assert found + eye.findings(one) == []


def test_a_page_is_worked_by_keyboard_from_its_first_key_on(
    console: Served, person: Callable[..., Person]
) -> None:
    one = person()
    one.carry(COOKIE, console.signed_in("ada", Role.VIEWER).token or "")
    one.page.goto("/payments")
    one.page.keyboard.press("Tab")
    expect(one.page.get_by_role("link", name="To the content")).to_be_focused()
    expect(one.page.get_by_role("link", name="To the content")).to_be_in_viewport()
    one.page.keyboard.press("Enter")
    expect(one.page.get_by_role("main")).to_be_focused()
    for name in ("All", "In review", "Failed refunds"):
        one.page.keyboard.press("Tab")
        tab = one.page.get_by_role("main").get_by_role("link", name=name, exact=True)
        expect(tab).to_be_focused()
    one.page.keyboard.press("Tab")
    expect(one.page.get_by_label("Reference, customer")).to_be_focused()
    one.page.keyboard.type(MISMATCHED)
    one.page.keyboard.press("Enter")
    expect(one.page.get_by_role("row").filter(has_text=MISMATCHED)).to_be_visible()
    pages = one.page.get_by_role("navigation", name="Pages")
    expect(pages.locator("[aria-current=page]")).to_have_text("Payments")


def test_on_a_narrow_screen_the_name_of_the_page_is_in_sight(
    console: Served, person: Callable[..., Person]
) -> None:
    one = person()
    one.carry(COOKIE, console.signed_in("ada", Role.VIEWER).token or "")
    one.look_at(dark=False, size=NARROW)
    for path in ("/refused", "/payments"):
        one.page.goto(path)

        here = one.page.get_by_label("Pages").locator("[aria-current]")
        expect(here).to_be_in_viewport(ratio=0.95)
        assert one.page.evaluate("scrollY") == 0
