"""An operator's night in a real browser: from a payment without credit to a cure by two people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from domain.operators import Role
from tests.console.browser.believable import MEANT, MISMATCHED, MISTYPED, PILED
from tests.console.browser.conftest import open_at
from workers.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from tests.console.browser.chromium import Person
    from tests.console.browser.conftest import Morning
    from tests.console.serving import Served
    from tests.workers.scene import Scene

DONE_MS = 30_000


@pytest.fixture
def shared(database_url: str) -> Iterator[Morning]:
    """Return a console of this test's own: much is different after that night."""
    with open_at(database_url) as opened:
        yield opened


def test_an_operator_finds_tries_replays_edits_and_asks_and_an_approver_agrees(
    console: Served, person: Callable[..., Person], scene: Scene
) -> None:
    console.appoint("ada", Role.OPERATOR)
    console.appoint("bo", Role.APPROVER)
    ada, bo = person(), person(dark=True)

    ada.sign_in("ada")
    _find_the_payment(ada.page)
    _replay_the_group(ada.page)
    assert scene.credit("ada") == PILED * 1_000
    _edit_and_replay(ada.page, scene)
    assert (scene.state(MEANT), scene.credit("cus_chi") > 0) == ("completed", True)
    _ask_for_a_correction(ada.page)
    assert scene.state(MISMATCHED) == "review"

    bo.sign_in("bo")
    _approve(bo.page)
    assert scene.state(MISMATCHED) == "completed"
    assert verify(scene.database).problems == []


def _find_the_payment(page: Page) -> None:
    expect(page.get_by_role("heading", name="This needs a person now")).to_be_visible()
    page.get_by_role("link", name="Payments", exact=True).click()
    page.get_by_label("Reference, customer").fill("cus_bello")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name=MISMATCHED).click()

    expect(page.get_by_role("heading", name="1,500.00 NGN arrived")).to_be_visible()
    told = page.get_by_role("list").filter(has_text="was announced").get_by_role("listitem")
    expect(told.first).to_contain_text("A payment of 1,250.00 NGN was announced")
    expect(told.filter(has_text="put into suspense")).to_have_count(1)


def _replay_the_group(page: Page) -> None:
    page.get_by_role("link", name="Dead letters", exact=True).click()
    page.get_by_role("link", name="By cause").click()
    group = page.get_by_role("row").filter(has_text="exhausted")
    group.get_by_role("link", name="Try a replay").click()
    page.get_by_role("button", name="Dry run").click()
    expect(page.get_by_text("Nothing was changed.")).to_be_visible()
    expect(page.locator(".tiles")).to_contain_text(f"Would go through{PILED}")

    page.get_by_label("Why?").fill("mended by the release of tonight")
    page.get_by_role("button", name=f"Replay {PILED}").click()
    expect(page.get_by_role("heading", name=re.compile("^Replay [0-9]+"))).to_be_visible()
    progress = page.locator("#progress")
    expect(progress.get_by_role("status")).to_contain_text("done", timeout=DONE_MS)
    expect(progress).to_contain_text(f"{PILED} of {PILED}")


def _edit_and_replay(page: Page, scene: Scene) -> None:
    letter_id = scene.value("SELECT id FROM dead_letters WHERE reference = %s", [MISTYPED])
    page.goto(f"/dead-letters/{letter_id}")
    page.get_by_text("Edit and replay").click()
    page.get_by_label("What changes").fill(f"data.reference={MEANT}")
    page.get_by_role("button", name="Show the difference").click()
    expect(page.locator("del")).to_have_text(f'"{MISTYPED}"')
    expect(page.locator("ins")).to_have_text(f'"{MEANT}"')
    page.get_by_label("Why?").fill("the sender wrote O for 0, see their mail")
    page.get_by_role("button", name="Edit and replay").click()
    expect(page.get_by_role("status")).to_have_text("The edited event was applied.")


def _ask_for_a_correction(page: Page) -> None:
    page.goto(f"/payments/{MISMATCHED}")
    page.get_by_role("link", name="Correct it, if it is the customer's").click()
    expect(page.get_by_role("row").filter(has_text="suspense")).to_contain_text("1,500.00 NGN")
    page.get_by_label("Why?").fill("the customer meant to pay more")
    page.get_by_role("button", name="Correct to completed").click()
    expect(page.get_by_role("status").first).to_contain_text("an approver who is not you")


def _approve(page: Page) -> None:
    page.get_by_role("link", name="1 approval waits for a second person").click()
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page.get_by_text("the customer meant to pay more")).to_be_visible()
    page.get_by_label("Why?").fill("seen the customer's mail")
    page.get_by_role("button", name="Approve, and do it").click()
    expect(page.get_by_role("status").first).to_contain_text("Approved, and done.")
