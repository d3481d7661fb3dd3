"""An event that is finished is tried again from its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.operators import Role
from tests.console.reading_pages import Page
from tests.console.upgrading import understand_as
from tests.workers.scene import capture

if TYPE_CHECKING:
    from tests.console.serving import Served
    from tests.workers.scene import Scene

UNUSED = b'{"type":"invoice.created","data":{"reference":"p1"}}'


def test_an_ignored_event_is_tried_again_by_name_and_for_a_reason(
    console: Served, scene: Scene
) -> None:
    [event_id] = scene.hear(UNUSED)
    ada = console.signed_in("ada")
    form = Page(ada.get(f"/events/{event_id}").text).form(f"/events/{event_id}/replay")

    answer = ada.send(form.action, form.fields, reason="after the upgrade")

    assert answer.headers["location"] == f"/events/{event_id}?said=tried"
    assert [outcome for _, outcome, _ in scene.attempts(event_id)] == ["ignored", "ignored"]
    assert scene.rows("SELECT actor, subject, reason FROM operator_actions") == [
        ("operator:ada", f"event:{event_id}", "after the upgrade")
    ]
    shown = ada.get(answer.headers["location"]).text
    assert "It was tried again" in shown
    assert "after the upgrade" in shown


def test_an_event_that_cannot_be_applied_any_more_is_said_to_be_dead(
    console: Served, scene: Scene
) -> None:
    scene.announce("p1")
    [event_id] = scene.hear(UNUSED)
    understand_as(scene, capture("p1", 1))

    answer = console.signed_in("ada").send(f"/events/{event_id}/replay", reason="to see")

    assert answer.headers["location"].endswith("?said=tried-dead")
    assert scene.letters()


def test_without_a_reason_it_is_not_tried(console: Served, scene: Scene) -> None:
    [event_id] = scene.hear(UNUSED)

    answer = console.signed_in("ada").send(f"/events/{event_id}/replay", reason="")

    assert answer.status_code == 422
    assert len(scene.attempts(event_id)) == 1


@pytest.mark.parametrize(("role", "body"), [(Role.VIEWER, UNUSED), (Role.OPERATOR, b"{}")])
def test_no_form_is_offered_to_viewers_or_of_what_is_dead(
    console: Served, scene: Scene, role: Role, body: bytes
) -> None:
    [event_id] = scene.hear(body)
    visitor = console.signed_in("val", role)

    forms = Page(visitor.get(f"/events/{event_id}").text).forms
    assert [form.action for form in forms if form.method == "post"] == ["/sign-out"]
    assert visitor.send(f"/events/{event_id}/replay", reason="mine").status_code in {403, 409}
    assert scene.value("SELECT count(*) FROM operator_actions") == 0
