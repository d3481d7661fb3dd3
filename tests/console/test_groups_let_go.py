"""A whole group of dead letters is let go: what was seen, all of it or none, and by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.console.reading_pages import Page
from tests.replaying.pile import pile, statuses

if TYPE_CHECKING:
    from tests.console.serving import Served, Visitor
    from tests.workers.scene import Scene

ADDRESS = "/dead-letters/discard?fingerprint=f1"


@pytest.fixture
def ada(console: Served) -> Visitor:
    return console.signed_in("ada")


def form(visitor: Visitor) -> dict[str, str]:
    """Return the form of the page that shows the group."""
    answer = visitor.get(ADDRESS)
    assert answer.status_code == 200, answer.text
    return Page(answer.text).form("/dead-letters/discard").fields


def test_a_group_is_let_go_with_the_reason_of_who_did_it_and_no_other_letter(
    ada: Visitor, scene: Scene
) -> None:
    pile(scene, 30)
    pile(scene, 2, first=100, fingerprint="f2")
    assert "/dead-letters/discard?fingerprint=f1" in ada.get("/dead-letters/groups").text

    answer = ada.send("/dead-letters/discard", form(ada), reason="their test account")

    assert answer.status_code == 303
    assert "Discarded, all of them." in ada.get(answer.headers["location"]).text
    assert statuses(scene) == {"discarded": 30, "open": 2}
    said = scene.rows(
        "SELECT DISTINCT actor, reason FROM dead_letter_actions WHERE action = 'discarded'"
    )
    assert said == [("operator:ada", "their test account")]
    assert scene.value("SELECT sum(captured_minor) FROM payment_logs") == 0


def test_without_a_reason_no_letter_is_let_go(ada: Visitor, scene: Scene) -> None:
    pile(scene, 3)

    answer = ada.send("/dead-letters/discard", form(ada), reason=" ")

    assert (answer.status_code, statuses(scene)) == (422, {"open": 3})


def test_what_died_after_the_page_was_drawn_stays(ada: Visitor, scene: Scene) -> None:
    pile(scene, 3)
    seen = form(ada)
    pile(scene, 2, first=50)

    ada.send("/dead-letters/discard", seen, reason="seen three")

    assert statuses(scene) == {"discarded": 3, "open": 2}


def test_a_group_that_has_changed_since_it_was_seen_is_left_alone(
    ada: Visitor, scene: Scene
) -> None:
    pile(scene, 3)
    seen = form(ada)
    ada.send("/dead-letters/1/discard", reason="just this one")

    answer = ada.send("/dead-letters/discard", seen, reason="seen three")

    assert answer.status_code == 409
    assert "2 of the 3 letters that you saw are still open" in answer.text
    assert statuses(scene) == {"discarded": 1, "open": 2}


def test_the_same_form_sent_twice_lets_go_once(ada: Visitor, scene: Scene) -> None:
    pile(scene, 3)
    seen = form(ada)

    first = ada.send("/dead-letters/discard", seen, reason="theirs")
    again = ada.send("/dead-letters/discard", seen, reason="theirs")

    assert (first.status_code, again.status_code) == (303, 409)
    acted = "SELECT count(*) FROM dead_letter_actions WHERE action = 'discarded'"
    assert scene.value(acted) == 3


@pytest.mark.parametrize("lacking", ["seen", "newest", "fingerprint"])
def test_a_form_that_does_not_say_what_was_seen_lets_go_of_nothing(
    ada: Visitor, scene: Scene, lacking: str
) -> None:
    pile(scene, 2)
    fields = {name: value for name, value in form(ada).items() if name != lacking}

    answer = ada.send("/dead-letters/discard", fields, reason="x")

    assert (answer.status_code, statuses(scene)) == (422, {"open": 2})


def test_all_letters_are_meant_only_by_whoever_says_so(ada: Visitor, scene: Scene) -> None:
    pile(scene, 2)

    assert ada.get("/dead-letters/discard").status_code == 422
    assert "Discard 2 letters" in ada.get("/dead-letters/discard?all=1").text


def test_a_group_of_nothing_offers_no_form(ada: Visitor) -> None:
    page = Page(ada.get(ADDRESS).text)

    assert "No open dead letter matches." in page.text
    assert [each.action for each in page.forms if each.method == "post"] == ["/sign-out"]
