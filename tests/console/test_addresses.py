"""From where somebody signs in is kept with the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.console.serving import PASSWORD, SECRET, serve
from workers.console.seals import Seals

if TYPE_CHECKING:
    from tests.workers.scene import Scene


@pytest.mark.parametrize(("proxies", "kept"), [("", "127.0.0.1"), ("127.0.0.0/8", "198.51.100.7")])
def test_a_session_keeps_where_it_began(
    database_url: str, scene: Scene, proxies: str, kept: str
) -> None:
    with serve(database_url, trusted_proxies=proxies) as console:
        console.appoint("ada")
        ada = console.visitor()
        ada.get("/sign-in")
        csrf = Seals(SECRET).of_form(ada.http.cookies["payratchet_door"])
        said = {"x-forwarded-for": "198.51.100.7"}
        ada.send("/sign-in", headers=said, csrf=csrf, name="ada", password=PASSWORD)

    assert scene.rows("SELECT address FROM operator_sessions") == [(kept,)]
