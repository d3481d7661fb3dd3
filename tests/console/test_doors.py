"""Who is let in to what: every page and every act of the table, for everybody."""

from __future__ import annotations

import contextlib
import re
import socket
from typing import TYPE_CHECKING

import pytest
from psycopg import sql

from domain.operators import Role, may
from tests.console.serving import serve
from tests.workers.scene import capture
from workers.console import routes
from workers.console.open_to_all import MEDIA_TYPE
from workers.console.protocol import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.console.serving import Served, Visitor
    from tests.workers.scene import Scene

SEE_OTHER, FORBIDDEN = 303, 403
SAMPLES = {"reference": "p1"}

PAGES = [(page.path, page.role) for page in routes.PAGES]
ACTS = [(act.path, act.role) for act in routes.ACTS]


def address(path: str) -> str:
    """Fill in the parameters of a path."""
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: SAMPLES.get(found[1], "1"), path)


def _everybody(console: Served) -> dict[Role, Visitor]:
    return {role: console.signed_in(role.value, role) for role in Role}


def test_the_table_has_pages_and_acts_and_no_path_twice() -> None:
    assert len({path for path, _ in PAGES}) == len(PAGES) >= 10
    assert len({path for path, _ in ACTS}) == len(ACTS) >= 10


def test_nothing_of_the_table_is_readable_without_signing_in(console: Served) -> None:
    visitor = console.visitor()
    for path, _ in PAGES:
        answer = visitor.get(address(path))
        assert (answer.status_code, answer.content) == (SEE_OTHER, b""), path
        assert answer.headers["location"].startswith("/sign-in?next="), path
    for path, _ in ACTS:
        answer = visitor.send(address(path), csrf="x", reason="mine")
        assert (answer.status_code, answer.headers["location"]) == (SEE_OTHER, "/sign-in"), path


def test_a_token_that_nobody_was_given_opens_nothing(console: Served) -> None:
    visitor = console.visitor(token="Z" * 43)

    assert {visitor.get(address(path)).status_code for path, _ in PAGES} == {SEE_OTHER}


def test_every_page_is_for_its_role_and_those_above(console: Served, scene: Scene) -> None:
    scene.announce("p1")
    for role, visitor in _everybody(console).items():
        for path, need in PAGES:
            status = visitor.get(address(path)).status_code
            assert status < 500, path
            assert (status != FORBIDDEN) is may(role, need), (path, role)


def test_every_act_is_for_its_role_and_those_above(console: Served) -> None:
    for role, visitor in _everybody(console).items():
        for path, need in ACTS:
            # Without a reason nothing is done: the form is refused, or there is nothing there.
            status = visitor.send(address(path)).status_code
            assert status in {SEE_OTHER, 200, 403, 404, 409, 422}, path
            assert (status != FORBIDDEN) is may(role, need), (path, role)


def test_acts_are_not_done_by_looking(console: Served) -> None:
    approver = console.signed_in("eve", Role.APPROVER)
    readable = {path for path, _ in PAGES}

    for path, _ in ACTS:
        if path not in readable:
            assert approver.get(address(path)).status_code in {404, 405}, path


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing(console: Served, method: str) -> None:
    approver = console.signed_in("eve", Role.APPROVER)

    for path in ("/replays", "/sign-in", "/livez", "/replays/1/pause"):
        assert approver.http.request(method, path).status_code == 405, path


def test_it_is_told_to_be_alive_without_signing_in(console: Served) -> None:
    assert console.visitor().get("/livez").text == "ok"


def test_figures_are_for_programs_of_this_machine(console: Served) -> None:
    visitor = console.visitor()

    assert visitor.get("/metrics").headers["content-type"] == MEDIA_TYPE
    assert visitor.get("/metrics", **{"x-forwarded-for": "192.0.2.1"}).status_code == 404


def test_with_a_token_figures_are_for_who_has_it(database_url: str) -> None:
    token = "a scraper's token"
    with serve(database_url, metrics_token=token) as console:
        visitor = console.visitor()

        assert visitor.get("/metrics").status_code == 404
        assert visitor.get("/metrics", authorization="Bearer another token").status_code == 404
        assert visitor.get("/metrics", authorization=f"Bearer {token}").status_code == 200


def test_assets_say_nothing_of_payments_and_are_kept_by_their_version(console: Served) -> None:
    visitor = console.visitor()
    page = visitor.get("/sign-in").text
    [style] = re.findall(r'href="(/assets/[^"]+\.css[^"]*)"', page)

    kept = visitor.get(style)

    assert kept.headers["content-type"].startswith("text/css")
    assert "immutable" in kept.headers["cache-control"]
    assert visitor.get(style.partition("?")[0]).headers["cache-control"] == "no-cache"
    assert visitor.get("/assets/..%2fapp.py").status_code == 404
    assert visitor.get("/assets/nothing.css").status_code == 404


def test_the_figures_count_open_letters_and_money_at_risk(console: Served, scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 999), capture("p2", 500))

    figures = console.visitor().get("/metrics").text.splitlines()

    assert 'payratchet_dead_letters_open{reason="mismatch"} 1.0' in figures
    assert 'payratchet_dead_letters_open{reason="unknown_reference"} 1.0' in figures
    assert 'payratchet_set_aside_minor{currency="NGN"} 1499.0' in figures
    assert "payratchet_work_unfinished 0.0" in figures


def test_while_the_record_is_away_it_says_so_and_then_goes_on(
    console: Served, scene: Scene, administration: psycopg.Connection
) -> None:
    ada = console.signed_in("ada")
    name = scene.value("SELECT current_database()")
    with _closed(administration, name):
        away = ada.get("/replays")
        scrape = console.visitor().get("/metrics")

    assert away.status_code == scrape.status_code == 503
    assert "cannot be reached right now" in away.text
    assert name not in away.text
    assert ada.get("/replays").status_code == 200


@contextlib.contextmanager
def _closed(administration: psycopg.Connection, name: str) -> Iterator[None]:
    """Let nobody into a database, and throw out who is in it."""
    closed = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    administration.execute(closed.format(sql.Identifier(name), sql.Literal(False)))  # noqa: FBT003
    administration.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = %s AND application_name = 'console'",
        (name,),
    )
    yield
    administration.execute(closed.format(sql.Identifier(name), sql.Literal(True)))  # noqa: FBT003


def test_a_break_of_ours_says_nothing_of_what_broke(console: Served, scene: Scene) -> None:
    ada = console.signed_in("ada")
    scene.execute("ALTER TABLE replay_jobs RENAME TO gone")

    broken = ada.get("/replays")

    assert broken.status_code == 500
    assert "replay_jobs" not in broken.text
    assert broken.headers["x-frame-options"] == "DENY"


def test_who_does_not_send_what_they_began_is_let_go(database_url: str) -> None:
    class Hasty(Protocol):
        arrival_s_max = 0.5
        look_s = 0.1

    with serve(database_url, protocol=Hasty) as console:
        host, port = console.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=30) as raw:
            raw.sendall(b"POST /sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nx")

            assert _is_ended(raw)
        assert console.visitor().get("/livez").status_code == 200


def _is_ended(raw: socket.socket) -> bool:
    """Return whether the other side ends the connection, with or without an answer."""
    try:
        while raw.recv(4_096):
            pass
    except ConnectionError:
        return True
    return True
