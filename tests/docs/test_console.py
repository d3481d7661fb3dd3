"""The console with the rights that the page gives its role: it can do its work, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from domain import operators
from domain.operators import Role
from tests.console.serving import PASSWORD, SECRET, password_hash, serve
from tests.operations.people import token_of
from tests.workers.scene import Scene, capture
from workers.console.seals import Seals
from workers.console.throttle import NAME_FREE

if TYPE_CHECKING:
    from tests.docs.conftest import Deployment


def _appoint(deployment: Deployment, name: str) -> None:
    with psycopg.connect(deployment.url("owner")) as owner:
        owner.execute(
            "INSERT INTO operators (name, role, token_hash, password_hash, created_by)"
            " VALUES (%s, %s, %s, %s, 'administrator:test')",
            (name, Role.OPERATOR, operators.token_hash(token_of(name)), password_hash()),
        )


def test_an_operator_signs_in_acts_and_signs_out_by_the_rights_of_the_page(
    deployment: Deployment,
) -> None:
    _appoint(deployment, "ada")
    scene = Scene(deployment.url("app"))
    try:
        [event_id] = scene.hear(capture("p1"))
        letter_id = scene.letter_id(event_id)
        with serve(deployment.url("app")) as console:
            ada = console.visitor()
            ada.get("/sign-in")
            csrf = Seals(SECRET).of_form(ada.http.cookies["payratchet_door"])
            for _ in range(NAME_FREE - 1):
                ada.send("/sign-in", csrf=csrf, name="ada", password="wrong, but long enough")
            entered = ada.send("/sign-in", csrf=csrf, name="ada", password=PASSWORD)
            ada.token = ada.http.cookies["payratchet_session"]
            at = f"/dead-letters/{letter_id}"
            shown = {path: ada.get(path).status_code for path in ("/", at, "/sessions", "/audit")}
            tried = ada.send("/dead-letters/rehearse", ids=str(letter_id))
            made = ada.send(
                "/dead-letters/replay", ids=str(letter_id), reason="r", operation_key="k"
            )
            done = ada.send(f"{at}/discard", reason="not ours")
            left = ada.send("/sign-out")

        assert entered.headers["location"] == "/"
        assert set(shown.values()) == {200}
        assert tried.status_code == 200
        assert made.headers["location"].endswith("said=replaying")
        assert done.headers["location"].endswith("said=discarded")
        assert left.status_code == 303
        assert scene.value("SELECT status FROM dead_letters") == "discarded"
    finally:
        scene.close()
