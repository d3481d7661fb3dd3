"""The judge itself: what is wrong is found. A pack that finds nothing proves nothing."""

from __future__ import annotations

import json

import pytest

from tests.hostile.catalogue import GROUPS
from tests.hostile.ground import CANARY, SECRET
from tests.hostile.inputs import Input
from tests.hostile.judging import faults, lines_faults
from tests.hostile.shown import page_faults, terminal_faults
from tests.hostile.speaking import Spoken, split

_PROBLEM = {
    "type": "urn:x",
    "title": "x",
    "status": 401,
    "detail": "x",
    "code": "signature_invalid",
    "retryable": False,
    "request_id": "r",
}
_GOOD_LINE = {"event": "delivery.refused", "level": "info", "timestamp": "2026-01-01T00:00:00Z"}


def _said(status: int, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _refused(*headers: str, **changes: object) -> bytes:
    body = json.dumps(_PROBLEM | changes).encode()
    return _said(401, body, "content-type: application/problem+json", *headers)


def _found(said: bytes, wants: str = "401", code: str = "", *, ended: bool = True) -> str:
    spoken = Spoken(tuple(split(said)), ended=ended, said=said, took_s=0.0)
    return "; ".join(faults(Input("x", b"", wants, code), spoken))


def test_a_good_answer_has_no_faults() -> None:
    assert _found(_refused(), code="signature_invalid") == ""
    assert _found(_refused() * 2, "401 401|400") == ""


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (b"", "answered nothing"),
        (_refused() * 2, "answered 401 401"),
        (_said(200, b"{}"), "answered 200"),
        (_said(500, b""), "a 500"),
        (_refused(code="other"), "refused as other"),
        (_refused("server: x"), "headers that are not ours"),
        (_refused("x-evil: 1"), "headers that are not ours"),
        (_said(401, b"Unauthorized"), "no problem document"),
        (_refused(status=400), "says less or something else"),
        (_refused(detail=CANARY), "a secret is in an answer"),
        (_refused(detail=f"not {SECRET}"), "a secret is in an answer"),
        (_refused(detail='File "x.py", line 1'), "tells of our inside"),
        (_refused() + b"and more", "something was said that is no answer"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(said: bytes, fault: str) -> None:
    assert fault in _found(said, code="signature_invalid")


def test_a_connection_that_does_not_end_is_a_fault() -> None:
    assert "did not end" in _found(_refused(), ended=False)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("no JSON", "no JSON"),
        ("[]", "no line of ours"),
        ('{"event":"x"}', "no line of ours"),
        (json.dumps(_GOOD_LINE | {"reason": CANARY}), "a secret is in the log"),
        (json.dumps(_GOOD_LINE | {"event": "request.failed"}), "nobody foresaw"),
        (json.dumps(_GOOD_LINE) + "\x1b", "a control sign"),
    ],
)
def test_what_is_wrong_with_a_log_is_said(line: str, fault: str) -> None:
    good = json.dumps(_GOOD_LINE)
    assert list(lines_faults(good.encode())) == []
    assert fault in "; ".join(lines_faults(f"{good}\n{line}\n{good}\n".encode()))


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<script src=//evil.example/x.js></script>",
        "<img src=/x>",
        "<p onclick=x>",
        "<p style=x>",
        "<a href=javascript:alert(1)>",
        "<a href=//evil.example>",
        "<form action=http://evil.example>",
        "<meta http-equiv=refresh>",
    ],
)
def test_what_a_page_must_not_have_is_found(html: str) -> None:
    assert list(page_faults('<a href="/x">&lt;img&gt;</a><script src="/assets/x"></script>')) == []
    assert list(page_faults(html)) != []


def test_what_a_terminal_would_act_upon_is_found() -> None:
    assert list(terminal_faults("a\tb\né \\x1b")) == []
    for sign in ("\x1b", "\r", "\x07", "\x9b", "\u202e", "\u2066", "\u2028"):
        assert list(terminal_faults(f"a{sign}b")) != [], sign


def test_no_two_inputs_have_one_name_and_every_input_can_be_written() -> None:
    named = [(group, each) for group, inputs in GROUPS.items() for each in inputs]

    assert len({(group, each.name) for group, each in named}) == len(named)
    assert all(each.bytes_at(1_700_000_000) and each.wants for _, each in named)
