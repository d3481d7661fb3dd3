"""Signing in and out: what a session is worth, to whom, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from domain.operators import Role
from tests.console.serving import COOKIE, PASSWORD, SECRET, serve
from workers.console import throttle
from workers.console.seals import Seals
from workers.console.sign_in import own_path
from workers.store import operators

if TYPE_CHECKING:
    import httpx

    from tests.console.serving import Served, Visitor
    from tests.workers.scene import Scene

SEE_OTHER = 303


def _form_token(visitor: Visitor) -> str:
    """Load the sign-in page, and return what its form carries."""
    visitor.get("/sign-in")
    door = visitor.http.cookies["payratchet_door"]
    return Seals(SECRET).of_form(door)


def _enter(visitor: Visitor, name: str, password: str, wanted: str = "") -> httpx.Response:
    csrf = _form_token(visitor)
    return visitor.send("/sign-in", csrf=csrf, name=name, password=password, next=wanted)


def test_who_knows_the_password_gets_a_session_and_goes_where_they_wanted(
    console: Served, scene: Scene
) -> None:
    console.appoint("ada", Role.VIEWER)
    visitor = console.visitor()

    entered = _enter(visitor, "ada", PASSWORD, "/replays?status=done")

    assert entered.status_code == SEE_OTHER
    assert entered.headers["location"] == "/replays?status=done"
    assert visitor.get("/replays").status_code == 200
    assert ("operator:ada", "signed_in") in scene.rows("SELECT actor, action FROM operator_actions")


def test_the_cookie_is_for_this_host_and_no_script(console: Served) -> None:
    console.appoint("ada")

    cookie = _enter(console.visitor(), "ada", PASSWORD).headers["set-cookie"]

    assert cookie.startswith(f"{COOKIE}=")
    said = {part.strip().lower() for part in cookie.split(",")[0].split(";")[1:]}
    assert {"httponly", "path=/", "samesite=strict"} <= said
    assert "secure" not in said  # plain http to a name of this machine
    assert "domain" not in cookie.lower()


def test_behind_tls_cookies_are_secure_and_held_to_the_host(database_url: str) -> None:
    with serve(database_url, console_hosts="console.example.com") as console:
        page = console.visitor().get("/sign-in", host="console.example.com")
        always = page.headers["set-cookie"]

    assert always.startswith("__Host-payratchet-door=")
    assert "; secure" in always.lower()
    assert "max-age" in page.headers["strict-transport-security"]


def test_secure_cookies_can_be_forced(database_url: str) -> None:
    with serve(database_url, console_secure_cookies="always") as console:
        cookie = console.visitor().get("/sign-in").headers["set-cookie"]

    assert cookie.startswith("__Host-payratchet-door=")
    assert "; secure" in cookie.lower()


@pytest.mark.parametrize("name", ["ada", "nobody", "Not a name"])
def test_a_wrong_password_and_an_unknown_name_look_the_same(
    console: Served, scene: Scene, name: str
) -> None:
    console.appoint("ada")

    refused = _enter(console.visitor(), name, "wrong, but long enough")

    assert refused.status_code == 401
    assert "The name or the password is wrong." in refused.text
    assert COOKIE not in refused.headers.get("set-cookie", "")
    [[subject]] = scene.rows("SELECT subject FROM operator_actions WHERE action = 'sign_in_failed'")
    assert subject == ("operator:ada" if name == "ada" else "operator:unknown")


def test_a_session_that_was_planted_is_worth_nothing_after_signing_in(
    console: Served, scene: Scene
) -> None:
    console.appoint("ada")
    visitor = console.visitor()
    planted = "A" * 43
    visitor.http.cookies.set(COOKIE, planted)

    entered = _enter(visitor, "ada", PASSWORD)

    assert entered.status_code == SEE_OTHER
    given = entered.headers["set-cookie"].split("=", 1)[1].split(";")[0]
    assert given != planted
    assert console.visitor(token=planted).get("/replays").status_code == SEE_OTHER
    kept = scene.rows("SELECT token_hash FROM operator_sessions")
    assert kept == [(Seals(SECRET).of_session(given),)]


def test_signing_in_again_ends_the_session_before(console: Served) -> None:
    before = console.signed_in("ada")
    again = console.visitor(token=before.token)

    # Signed in already, the page leads on; the form itself may still be sent.
    assert again.get("/sign-in").status_code == SEE_OTHER
    again.http.cookies.set("payratchet_door", "D" * 43)
    csrf = Seals(SECRET).of_form("D" * 43)
    entered = again.send("/sign-in", csrf=csrf, name="ada", password=PASSWORD)

    assert entered.status_code == SEE_OTHER
    assert before.get("/replays").status_code == SEE_OTHER


def test_signing_out_ends_the_session_and_not_only_the_cookie(console: Served) -> None:
    ada = console.signed_in("ada")

    left = ada.send("/sign-out")

    assert left.headers["location"] == "/sign-in?said=signed-out"
    assert console.visitor(token=ada.token).get("/replays").status_code == SEE_OTHER


def test_a_session_ends_when_nobody_uses_it_for_half_an_hour(console: Served) -> None:
    ada = console.signed_in("ada")
    for _ in range(3):
        console.clock.advance(minutes=29)
        assert ada.get("/replays").status_code == 200

    console.clock.advance(minutes=31)

    assert ada.get("/replays").status_code == SEE_OTHER


def test_a_page_that_looks_by_itself_does_not_keep_a_session_alive(console: Served) -> None:
    ada = console.signed_in("ada")
    console.clock.advance(minutes=20)
    assert ada.get("/replays", **{"hx-request": "true"}).status_code == 200

    console.clock.advance(minutes=11)
    ended = ada.get("/replays", **{"hx-request": "true"})

    assert ended.status_code == 401
    assert ended.headers["hx-redirect"] == "/sign-in"


def test_a_session_ends_after_twelve_hours_however_much_it_is_used(console: Served) -> None:
    ada = console.signed_in("ada")
    for _ in range(35):
        console.clock.advance(minutes=20)
        assert ada.get("/replays").status_code == 200

    console.clock.advance(minutes=21)

    assert ada.get("/replays").status_code == SEE_OTHER


def test_whoever_is_revoked_is_out_at_once(console: Served) -> None:
    ada = console.signed_in("ada")
    assert ada.get("/replays").status_code == 200

    with psycopg.connect(console.database_url) as owner:
        owner.execute("UPDATE operators SET revoked_at = now() WHERE name = 'ada'")

    assert ada.get("/replays").status_code == SEE_OTHER
    assert _enter(console.visitor(), "ada", PASSWORD).status_code == 401


def test_a_new_password_ends_the_sessions_of_the_old_one(console: Served) -> None:
    ada = console.signed_in("ada")

    with console.database.transaction() as tx:
        assert operators.end_sessions(tx, "ada") == 1

    assert ada.get("/replays").status_code == SEE_OTHER


def test_a_role_that_is_taken_away_is_gone_with_the_next_page(console: Served) -> None:
    ada = console.signed_in("ada", Role.OPERATOR)

    with psycopg.connect(console.database_url) as owner:
        owner.execute("UPDATE operators SET role = 'viewer' WHERE name = 'ada'")

    assert ada.get("/dead-letters/replay").status_code == 403


def test_guessing_is_stopped_for_a_name_and_goes_on_later(console: Served) -> None:
    console.appoint("ada")
    for _ in range(throttle.NAME_FREE):
        assert _enter(console.visitor(), "ada", "wrong, but long enough").status_code == 401

    stopped = _enter(console.visitor(), "ada", PASSWORD)

    assert stopped.status_code == 429
    assert 0 < int(stopped.headers["retry-after"]) <= throttle.WAIT_FIRST.total_seconds()
    console.clock.advance(seconds=throttle.WAIT_FIRST.total_seconds() + 1)
    assert _enter(console.visitor(), "ada", PASSWORD).status_code == SEE_OTHER


def test_who_got_in_starts_anew_with_their_name(console: Served, scene: Scene) -> None:
    console.appoint("ada")
    _enter(console.visitor(), "ada", "wrong, but long enough")

    _enter(console.visitor(), "ada", PASSWORD)

    counts = dict(scene.rows("SELECT split_part(whose, ':', 1), count FROM sign_in_failures"))
    assert counts == {"address": 1}


def test_one_address_cannot_try_many_names(console: Served) -> None:
    now = console.clock()
    for number in range(throttle.ADDRESS_FREE):
        with console.database.transaction() as tx:
            assert throttle.admit(tx, throttle.keys(f"n{number}", "127.0.0.1"), now=now) is None
    console.appoint("ada")

    assert _enter(console.visitor(), "ada", PASSWORD).status_code == 429


def test_many_tries_at_once_count_as_many(console: Served, scene: Scene) -> None:
    tried, now = throttle.keys("ada", "192.0.2.1"), console.clock()
    admitted = []

    def one(_: int) -> None:
        with scene.database.transaction() as tx:
            admitted.append(throttle.admit(tx, tried, now=now))

    scene.at_once(12, one)

    assert admitted.count(None) == throttle.NAME_FREE


def test_each_failure_doubles_the_wait_up_to_an_end(console: Served) -> None:
    tried, waits = throttle.keys("ada", "192.0.2.1"), []
    for _ in range(throttle.NAME_FREE + 8):
        with console.database.transaction() as tx:
            wait = throttle.admit(tx, tried, now=console.clock())
        if wait is not None:
            waits.append(wait)
            console.clock.advance(seconds=wait.total_seconds() + 1)

    assert waits == sorted(waits)
    assert waits[0] <= throttle.WAIT_FIRST
    assert max(waits) <= throttle.WAIT_MAX


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/%0d%0aset-cookie:x=1\r\n",
        "javascript:alert(1)",
        "/ /evil.example",
        "/sign-out",
        "payments",
        "",
        None,
    ],
)
def test_nobody_is_led_elsewhere_after_signing_in(elsewhere: str | None) -> None:
    assert own_path(elsewhere) == "/"


def test_a_path_of_ours_is_where_one_is_led() -> None:
    assert own_path("/payments/p1?cursor=3") == "/payments/p1?cursor=3"


def test_no_password_of_any_length_is_too_much(console: Served) -> None:
    console.appoint("ada")

    refused = _enter(console.visitor(), "ada", "x" * 5_000)

    assert refused.status_code == 401
    assert _enter(console.visitor(), "ada", "x" * 20_000).status_code == 413


def test_who_is_signed_in_elsewhere_sees_it_and_ends_it(console: Served) -> None:
    here, there, other = (console.signed_in(name) for name in ("ada", "ada", "eve"))

    page = here.get("/sessions").text
    ended = here.send("/sessions/end-others")

    assert page.count("this one") == 1
    assert ended.headers["location"] == "/sessions?said=others-ended"
    assert there.get("/replays").status_code == SEE_OTHER
    assert here.get("/replays").status_code == other.get("/replays").status_code == 200
