"""The page and the figures: what they show, and that nothing in them can act."""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from typing import TYPE_CHECKING

import pytest
import uvicorn

from tests.workers.scene import capture, wait_until
from workers.console import make_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.client import HTTPResponse

    from tests.workers.scene import Scene

    Get = Callable[[str], HTTPResponse]

WAIT_S = 10.0


@pytest.fixture
def get(scene: Scene) -> Iterator[Get]:
    """Serve the console over real HTTP on a port of its own."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(make_app(scene.database), log_config=None))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        wait_until(lambda: server.started)
        yield lambda path: urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=WAIT_S)
        server.should_exit = True
        thread.join()


def test_an_empty_record_says_that_there_is_nothing_to_do(get: Get) -> None:
    page = get("/").read().decode()

    assert "Nothing is set aside." in page
    assert "No money is at risk." in page
    assert "No account was reconciled." in page


def test_what_came_from_outside_is_text_on_the_page(get: Get, scene: Scene) -> None:
    script = "<script>alert(1)</script>"
    body = {"type": "payment.succeeded", "data": {"id": script, "reference": script}}
    scene.receive(json.dumps(body).encode())
    scene.hear(capture("p1", currency="USD"))
    scene.execute(
        "UPDATE dead_letters SET event_type = %s, reference = %s", ["<img src=x>", script]
    )

    answer = get("/")
    page = answer.read().decode()

    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_the_figures_count_open_letters_and_money_at_risk(get: Get, scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 999), capture("p2", 500))

    figures = get("/metrics").read().decode().splitlines()

    assert 'payratchet_dead_letters_open{reason="mismatch"} 1.0' in figures
    assert 'payratchet_dead_letters_open{reason="unknown_reference"} 1.0' in figures
    assert 'payratchet_set_aside_minor{currency="NGN"} 1499.0' in figures
    assert "payratchet_work_unfinished 0.0" in figures
