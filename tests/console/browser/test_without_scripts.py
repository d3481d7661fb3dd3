"""A browser that runs no script at all reads every page, and acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from domain.operators import Role
from tests.console.browser.believable import MISMATCHED, MISTYPED
from tests.console.browser.everywhere import addresses
from tests.console.serving import COOKIE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.console.browser.chromium import Person
    from tests.console.serving import Served
    from tests.workers.scene import Scene

LEAST = 80
"""Characters of the shortest page: one that says why there is nothing to do."""


def test_every_page_is_read_and_its_links_lead_on(
    console: Served, person: Callable[..., Person], scene: Scene
) -> None:
    console.appoint("una", Role.APPROVER)
    one = person(scripts=False)
    one.sign_in("una")
    expect(one.page.get_by_role("heading", name="This needs a person now")).to_be_visible()
    tiles = one.page.locator(".tiles div").filter(has_text="Open dead letters")
    expect(tiles.locator("dd")).not_to_have_text("0")

    for address in addresses(scene):
        answer = one.page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        main = one.page.get_by_role("main")
        expect(main.get_by_role("heading").first).to_be_attached()
        assert len(main.inner_text()) > LEAST, address

    one.page.get_by_role("link", name="Payments", exact=True).click()
    one.page.get_by_label("Reference, customer").fill("cus_bello")
    one.page.get_by_role("button", name="Find").click()
    one.page.get_by_role("link", name=MISMATCHED).click()
    expect(one.page.get_by_role("heading", name="1,500.00 NGN arrived")).to_be_visible()


def test_a_form_is_opened_filled_in_and_sent(
    console: Served, person: Callable[..., Person], scene: Scene
) -> None:
    letter_id = scene.value("SELECT id FROM dead_letters WHERE reference = %s", [MISTYPED])
    one = person(scripts=False)
    one.carry(COOKIE, console.signed_in("ada").token or "")
    one.page.goto(f"/dead-letters/{letter_id}")

    one.page.get_by_text("Assign", exact=True).first.click()
    one.page.get_by_label("To whom?").fill("una")
    one.page.locator("#assign-reason").fill("she knows the sender")
    one.page.get_by_role("button", name="Assign").click()

    expect(one.page.get_by_role("status")).to_have_text("Assigned.")
    owner = scene.value("SELECT owner FROM dead_letters WHERE id = %s", [letter_id])
    assert owner == "una"
