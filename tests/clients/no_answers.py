"""Answers that prove nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from domain.providers.api import ANSWER_BYTES_MAX
from tests.clients import objects
from tests.clients.scripted import (
    ScriptedProvider,
    answer,
    answer_head,
    deaf_port,
    resets,
    says,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.scripted import Act

HTML = b"<html><body><h1>It works! ada@example.com</h1></body></html>"
WHOLE = json.dumps(objects.initialized()).encode()
TWICE = b'{"status":true,"status":true,"data":' + WHOLE[WHOLE.index(b'{"auth') :]

NO_ANSWERS: dict[str, Callable[[ScriptedProvider], Act]] = {
    "accepted, then silence": lambda provider: provider.silence,
    "closed without a word": lambda _: says(b""),
    "reset at once": lambda _: resets(),
    "reset in the middle of the body": lambda _: resets(answer_head(200, 500) + WHOLE[:40]),
    "truncated": lambda _: says(answer_head(200, len(WHOLE)) + WHOLE[:40]),
    "longer than its content-length": lambda _: says(answer_head(200, 40) + WHOLE),
    "two lengths": lambda _: says(answer_head(200, 4, "Content-Length: 5") + WHOLE),
    "not HTTP": lambda _: says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "a body that drips": lambda provider: provider.dripping(answer_head(200, 500) + b"{", 0.05),
    "headers that drip": lambda provider: provider.dripping(b"HTTP/1.1 200 OK\r\nX-Slow: ", 0.05),
    "an endless body": lambda provider: provider.endless(answer_head(200, None)),
    "endless headers": lambda provider: provider.endless(b"HTTP/1.1 200 OK\r\nX-Long: "),
    "a body beyond the cap": lambda _: answer(200, b" " * (ANSWER_BYTES_MAX + 1)),
    "HTML": lambda _: answer(200, HTML, content_type="text/html"),
    "a refusal in HTML": lambda _: answer(404, HTML, content_type="text/html"),
    "no JSON": lambda _: answer(200, b'{"status": tru'),
    "a list": lambda _: answer(200, [objects.initialized()]),
    "a key that is there twice": lambda _: answer(200, TWICE),
    "an error with a status of success": lambda _: answer(200, objects.refused("No")),
    "a success without its data": lambda _: answer(200, {"status": True, "message": "Done"}),
    "a success without an address": lambda _: answer(
        200, objects.initialized(authorization_url="javascript:alert(1)")
    ),
    "a success about another reference": lambda _: answer(
        200, objects.initialized(reference="ORD-2")
    ),
    "compressed all the same": lambda _: answer(200, b"\x1f\x8b\x08", "Content-Encoding: gzip"),
    "a redirect to another host": lambda _: answer(
        307, b"", f"Location: http://127.0.0.1:{deaf_port()}/"
    ),
    "500 after its effect": lambda _: answer(500, objects.refused("Oops")),
    "502": lambda _: answer(502, HTML, content_type="text/html"),
    "503": lambda _: answer(503, HTML, "Retry-After: 5"),
    "504": lambda _: answer(504, b""),
    "408": lambda _: answer(408, b""),
    "409": lambda _: answer(409, objects.refused("Conflict")),
    "425": lambda _: answer(425, b""),
}
