"""Forged forms, framed pages and borrowed names."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from domain.operators import Role
from tests.console.serving import SECRET
from tests.workers.scene import capture
from workers.console.seals import Seals

if TYPE_CHECKING:
    from tests.console.serving import Served, Visitor
    from tests.workers.scene import Scene

REFUSED = 403


@pytest.fixture
def letter_id(scene: Scene) -> int:
    """Return an open dead letter: money for a payment that nobody announced."""
    [event_id] = scene.hear(capture("p1"))
    return scene.letter_id(event_id)


@pytest.fixture
def ada(console: Served) -> Visitor:
    return console.signed_in("ada")


def _status(scene: Scene) -> str:
    status: str = scene.value("SELECT status FROM dead_letters")
    return status


def test_a_page_of_ours_may_act(ada: Visitor, scene: Scene, letter_id: int) -> None:
    done = ada.send(f"/dead-letters/{letter_id}/discard", reason="a test")

    assert done.status_code == 303
    assert _status(scene) == "discarded"


def test_a_script_of_ours_says_the_token_in_a_header(
    ada: Visitor, scene: Scene, letter_id: int
) -> None:
    assert ada.token is not None
    token = {"x-csrf-token": Seals(SECRET).of_form(ada.token)}

    ada.send(f"/dead-letters/{letter_id}/discard", headers=token, csrf="", reason="a test")

    assert _status(scene) == "discarded"


@pytest.mark.parametrize("csrf", ["", "0" * 64, "x" * 10_000, "ünïcode"])
def test_a_form_without_its_token_does_nothing(
    ada: Visitor, scene: Scene, letter_id: int, csrf: str
) -> None:
    answer = ada.send(f"/dead-letters/{letter_id}/discard", csrf=csrf, reason="mine")

    assert answer.status_code == REFUSED
    assert _status(scene) == "open"


def test_the_token_of_another_session_does_nothing(
    console: Served, ada: Visitor, scene: Scene, letter_id: int
) -> None:
    other = console.signed_in("ada")
    assert other.token is not None

    csrf = Seals(SECRET).of_form(other.token)
    answer = ada.send(f"/dead-letters/{letter_id}/discard", csrf=csrf, reason="mine")

    assert answer.status_code == REFUSED
    assert _status(scene) == "open"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
)
def test_a_form_of_somebody_elses_page_does_nothing(
    ada: Visitor, scene: Scene, letter_id: int, headers: dict[str, str]
) -> None:
    answer = ada.send(f"/dead-letters/{letter_id}/discard", headers=headers, reason="mine")

    assert answer.status_code == REFUSED
    assert _status(scene) == "open"


def test_who_does_not_say_where_a_form_is_from_is_refused(
    ada: Visitor, scene: Scene, letter_id: int
) -> None:
    assert ada.token is not None
    fields = {"csrf": Seals(SECRET).of_form(ada.token), "reason": "mine"}

    answer = ada.http.post(f"/dead-letters/{letter_id}/discard", data=fields)

    assert answer.status_code == REFUSED
    assert _status(scene) == "open"


@pytest.mark.parametrize("media_type", ["text/plain", "application/json", "multipart/form-data"])
def test_only_forms_are_read(ada: Visitor, letter_id: int, media_type: str) -> None:
    path = f"/dead-letters/{letter_id}/discard"

    answer = ada.send(path, headers={"content-type": media_type}, reason="mine")

    assert answer.status_code == 415


def test_a_form_that_is_too_large_is_not_read(ada: Visitor, letter_id: int) -> None:
    answer = ada.send(f"/dead-letters/{letter_id}/discard", reason="x" * 100_000)

    assert answer.status_code == 413


def test_somebody_elses_page_signs_nobody_in_or_out(console: Served, ada: Visitor) -> None:
    console.appoint("ada")
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}

    assert ada.send("/sign-in", headers=foreign, name="ada", password="x").status_code == REFUSED
    assert ada.send("/sign-out", headers=foreign).status_code == REFUSED
    assert ada.send("/sign-out", csrf="0" * 64).status_code == REFUSED
    assert ada.get("/replays").status_code == 200


def test_the_sign_in_form_counts_only_in_the_browser_it_was_shown_to(console: Served) -> None:
    console.appoint("ada")
    one, other = console.visitor(), console.visitor()
    one.get("/sign-in")
    other.get("/sign-in")

    csrf = Seals(SECRET).of_form(one.http.cookies["payratchet_door"])
    answer = other.send("/sign-in", csrf=csrf, name="ada", password="x")

    assert answer.status_code == REFUSED


@pytest.mark.parametrize(
    "path", ["/sign-in", "/replays", "/livez", "/nowhere", "/replays/999", "/dead-letters/replay"]
)
def test_every_answer_forbids_frames_scripts_of_others_and_keeping(
    console: Served, path: str
) -> None:
    headers = console.signed_in("val", Role.VIEWER).get(path).headers

    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "camera=()" in headers["permissions-policy"]
    assert "server" not in headers


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "user@127.0.0.1", ""])
def test_a_name_that_is_not_ours_is_not_answered(console: Served, name: str) -> None:
    answer = console.signed_in("ada").get("/replays", host=name)

    assert answer.status_code in {400, 421}
    assert "Replays" not in answer.text


@pytest.mark.parametrize("name", ["localhost:8001", "127.0.0.1", "[::1]:8001", "LOCALHOST"])
def test_names_of_this_machine_are_ours(console: Served, name: str) -> None:
    assert console.visitor().get("/livez", host=name).status_code == 200


def test_two_names_in_one_request_are_none(console: Served) -> None:
    host, port = console.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n")
        answer = raw.recv(4_096)

    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 421"))


def test_a_head_without_end_is_not_read(console: Served) -> None:
    host, port = console.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nx: " + b"x" * 40_000)
        answer = raw.recv(4_096)

    assert answer.startswith(b"HTTP/1.1 400")
