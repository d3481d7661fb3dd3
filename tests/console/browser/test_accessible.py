"""Every page for everybody: axe-core finds nothing serious, and nothing sticks out of a phone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from domain.money_limit import MoneyLimit
from domain.operators import Role
from tests.console.browser.believable import MISMATCHED, MISTYPED, PILE_FINGERPRINT
from tests.console.browser.chromium import NARROW, WIDE
from tests.console.serving import COOKIE
from tests.replaying.pile import frozen
from workers.console import routes
from workers.store.letter_filters import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.console.browser.chromium import Person
    from tests.console.serving import Served
    from tests.workers.scene import Scene

AXE = Axe()
ASKED = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
SERIOUS = {"serious", "critical"}

ADDRESSES = {
    "/payments": "/payments?q=cus_bello",
    "/dead-letters": "/dead-letters?type=payment.succeeded",
    "/dead-letters/replay": f"/dead-letters/replay?fingerprint={PILE_FINGERPRINT}",
    "/payments/{reference}/correct": f"/payments/{MISMATCHED}/correct?to=completed",
    "/audit": "/audit?of=dead-letters",
}
"""Pages that show more with a query."""


def findings(one: Person) -> list[str]:
    """Return what axe-core finds serious on the page, and whatever is wider than the screen."""
    found = AXE.run(one.page, options=ASKED).response["violations"]
    said = [
        f"{one.page.url}: {each['id']} {node['html'][:200]} {node['failureSummary']}"
        for each in found
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]
    width = one.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*said, f"{one.page.url}: {width} px too wide"] if width > 0 else said


def _addresses(scene: Scene) -> list[str]:
    """Return an address of each page of the table, with something to see."""
    job = frozen(scene, Wanted(fingerprint=PILE_FINGERPRINT), limit=MoneyLimit(1))
    letter_id = scene.value("SELECT id FROM dead_letters WHERE reference = %s", [MISTYPED])
    known = {
        "reference": MISMATCHED,
        "letter_id": letter_id,
        "event_id": 1,
        "run_id": 1,
        "replay_id": job.replay_id,
        "approval_id": job.approval_id,
    }
    return [
        re.sub(r"\{(\w+)(?::\w+)?\}", lambda name: str(known[name[1]]), ADDRESSES.get(path, path))
        for path in (page.path for page in routes.PAGES)
        if not path.endswith("/progress")  # a part of a page
    ]


@pytest.mark.parametrize(("dark", "size"), [(False, WIDE), (True, NARROW)], ids=["wide", "narrow"])
def test_no_page_has_serious_findings_or_is_wider_than_its_screen(
    console: Served,
    person: Callable[..., Person],
    scene: Scene,
    dark: bool,  # noqa: FBT001 - a parameter of the test
    size: tuple[int, int],
) -> None:
    one = person(dark=dark, size=size)
    one.page.goto("/sign-in")
    found = findings(one)
    one.carry(COOKIE, console.signed_in("ada", Role.APPROVER).token or "")

    for address in _addresses(scene):
        answer = one.page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        one.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        found += findings(one)
    assert found == []


def test_what_acts_answer_with_has_no_serious_findings_either(
    console: Served, person: Callable[..., Person], scene: Scene
) -> None:
    one = person(dark=True)
    one.carry(COOKIE, console.signed_in("ada").token or "")
    letter_id = scene.value("SELECT id FROM dead_letters WHERE reference = %s", [MISTYPED])
    one.page.goto(f"/dead-letters/{letter_id}")

    one.page.get_by_role("button", name="Dry run").click()
    expect(one.page.get_by_text("Nothing was changed.")).to_be_visible()
    found = findings(one)
    one.page.go_back()
    one.page.get_by_text("See all of it").click()
    one.page.get_by_label("Why must it be seen?").fill("to mend it")
    one.page.get_by_role("button", name="Reveal").click()
    expect(one.page.get_by_text("It is written down that you saw it.")).to_be_visible()
    assert found + findings(one) == []


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
    one.page.keyboard.press("Tab")
    expect(one.page.get_by_label("Reference, customer")).to_be_focused()
    one.page.keyboard.type(MISMATCHED)
    one.page.keyboard.press("Enter")
    expect(one.page.get_by_role("row").filter(has_text=MISMATCHED)).to_be_visible()
    current = one.page.locator("[aria-current=page]")
    expect(current).to_have_text("Payments")
