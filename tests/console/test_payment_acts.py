"""What is done about payments in a browser: shown first, and then done as it was shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from domain.announcement import Announcement
from domain.money import Money
from domain.operators import Role
from tests.console.reading_pages import Page
from tests.console.serving import serve
from tests.operations.limits import set_limit
from tests.workers.scene import capture
from workers.announce import announce

if TYPE_CHECKING:
    from tests.console.serving import Served, Visitor
    from tests.workers.scene import Scene


def _mismatch(scene: Scene) -> None:
    """Announce p1 for 10.00 NGN, and have 12.50 NGN come for it."""
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    assert scene.state("p1") == "review"


def _fields(visitor: Visitor, reference: str, to: str) -> dict[str, str]:
    """Return what the form sends that follows when the correction was shown."""
    answer = visitor.get(f"/payments/{reference}/correct?to={to}")
    assert answer.status_code == 200, answer.text
    return Page(answer.text).form(f"/payments/{reference}/correct").fields


def test_a_correction_is_shown_and_then_made(console: Served, scene: Scene) -> None:
    _mismatch(scene)
    ada = console.signed_in("ada")

    page = Page(ada.get("/payments/p1/correct?to=completed").text)
    fields = page.form("/payments/p1/correct").fields
    done = ada.send("/payments/p1/correct", fields, reason="they paid more")

    assert "12.50 NGN" in page.text
    assert done.headers["location"] == "/payments/p1?said=corrected"
    assert (scene.state("p1"), scene.credit()) == ("completed", 1_250)


def test_what_has_changed_since_it_was_shown_is_not_corrected(
    console: Served, scene: Scene
) -> None:
    _mismatch(scene)
    ada = console.signed_in("ada")
    fields = _fields(ada, "p1", "completed")
    scene.hear(capture("p1", 300, object_id="T2"))

    answer = ada.send("/payments/p1/correct", fields, reason="they paid more")

    assert answer.status_code == 409
    assert "changed meanwhile" in answer.text
    assert scene.state("p1") == "review"


def test_what_the_facts_do_not_bear_is_said_and_has_no_button(
    console: Served, scene: Scene
) -> None:
    scene.announce("p1")
    ada = console.signed_in("ada")

    page = Page(ada.get("/payments/p1/correct?to=completed").text)

    assert [form.method for form in page.forms if "correct" in form.action] == ["get"]
    assert any("refused" in tag.attributes.get("class", "") for tag in page.tags)
    assert ada.get("/payments/p1/correct?to=disputed").status_code == 422
    assert ada.get("/payments/nobodys/correct").status_code == 404


def test_above_the_limit_two_people_correct_a_payment(database_url: str, scene: Scene) -> None:
    _mismatch(scene)
    set_limit(database_url, "0")
    with serve(database_url) as console:
        ada, eve = console.signed_in("ada"), console.signed_in("eve", Role.APPROVER)
        fields = _fields(ada, "p1", "completed")

        asked = ada.send("/payments/p1/correct", fields, reason="they paid more")
        at = asked.headers["location"].partition("?")[0]
        assert scene.state("p1") == "review"
        form = Page(eve.get(at).text).form(f"{at}/approve")
        eve.send(form.action, form.fields, reason="looked at it")

    assert (scene.state("p1"), scene.credit()) == ("completed", 1_250)
    [by] = scene.rows("SELECT actor, approved_by FROM payment_corrections")
    assert by == ("operator:ada", "operator:eve")


def test_a_write_off_says_why_there_is_nothing_to_write_off(console: Served, scene: Scene) -> None:
    scene.announce("p1")

    page = Page(console.signed_in("ada").get("/payments/p1/write-off").text)

    assert "only what is charged_back is lost" in page.text
    assert [form.action for form in page.forms if form.method == "post"] == ["/sign-out"]


def test_the_provider_is_asked_now(console: Served, scene: Scene) -> None:
    asked = Announcement("q1", "paystack", Money("NGN", 1_000), "ada")
    announce(scene.database, [asked], actor="operator:test")
    ada = console.signed_in("ada")

    done = ada.send("/payments/q1/verify", reason="the customer waits")

    assert done.headers["location"] == "/payments/q1?said=asking"
    [body] = scene.rows("SELECT body FROM inbound_events WHERE source = 'internal'")
    command = json.loads(body[0])
    assert (command["reference"], command["actor"]) == (
        "q1",
        "operator:ada (the customer waits)",
    )


def test_who_cannot_be_asked_is_not(console: Served, scene: Scene) -> None:
    scene.announce("p1")

    answer = console.signed_in("ada").send("/payments/p1/verify", reason="why not")

    assert answer.status_code == 404
    assert scene.owed() == []
