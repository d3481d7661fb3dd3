"""Heads: how the first lines of a request are written, and what is no HTTP at all."""

from __future__ import annotations

from tests.hostile.inputs import Input, request


def _lines(*lines: bytes) -> bytes:
    return b"\r\n".join(lines) + b"\r\n\r\n"


_HEADS = {
    "nonsense": b"NONSENSE\r\n\r\n",
    "a NUL": b"\x00\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "Redis": b"*1\r\n$8\r\nFLUSHALL\r\n",
    "Postgres": b"\x00\x00\x00\x08\x04\xd2\x16\x2f",
    "SMTP": b"EHLO evil.example\r\n",
    "PROXY": b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
    "PROXY v2": b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + b"\x7f\x00\x00\x01" * 3,
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /livez\r\n",
    "HTTP/2.0": _lines(b"GET /livez HTTP/2.0", b"Host: x"),
    "HTTP/1.2": _lines(b"GET /livez HTTP/1.2", b"Host: x"),
    "HTTP/9.9": _lines(b"GET /livez HTTP/9.9", b"Host: x"),
    "HTTP/1.10": _lines(b"GET /livez HTTP/1.10", b"Host: x"),
    "http in lower case": _lines(b"GET /livez http/1.1", b"Host: x"),
    "HTTP/0.9 with its version": _lines(b"GET /livez HTTP/0.9", b"Host: x"),
    "no target": _lines(b"GET HTTP/1.1", b"Host: x"),
    "a tab before the target": _lines(b"GET\t/livez HTTP/1.1", b"Host: x"),
    "a blank before the method": _lines(b" GET /livez HTTP/1.1", b"Host: x"),
    "a fragment of another request": b"x=1\r\nGET /livez HTTP/1.1\r\n\r\n",
    "an LF as the end of a line": b"GET /livez HTTP/1.1\nHost: x\n\n",
    "a CR as the end of a line": b"GET /livez HTTP/1.1\rHost: x\r\r",
    "an LF in a header's value": _lines(b"GET /livez HTTP/1.1", b"Host: x", b"A: b\nC: d"),
    "a CR in a header's value": _lines(b"GET /livez HTTP/1.1", b"Host: x", b"A: b\rC: d"),
    "a NUL in a header's value": _lines(b"GET /livez HTTP/1.1", b"Host: x", b"A: b\x00"),
    "an ESC in a header's name": _lines(b"GET /livez HTTP/1.1", b"Host: x", b"A\x1b: b"),
    "a header folded with a blank": _lines(b"GET /livez HTTP/1.1", b"Host: x", b"A: b", b" c"),
    "a header folded with a tab": _lines(b"GET /livez HTTP/1.1", b"Host: x", b"A: b", b"\tc"),
    "the first header folded": _lines(b"GET /livez HTTP/1.1", b" Host: x"),
    "a blank before a colon": _lines(b"GET /livez HTTP/1.1", b"Host : x"),
    "a tab before a colon": _lines(b"GET /livez HTTP/1.1", b"Host: x", b"A\t: b"),
    "a header without a name": _lines(b"GET /livez HTTP/1.1", b"Host: x", b": b"),
    "a header without a colon": _lines(b"GET /livez HTTP/1.1", b"Host: x", b"Authorization"),
    "a header's name in UTF-8": _lines(b"GET /livez HTTP/1.1", b"Host: x", "É: b".encode()),
    "a header's name in brackets": _lines(b"GET /livez HTTP/1.1", b"Host: x", b"[A]: b"),
    "an upgrade to h2c": _lines(
        b"GET /livez HTTP/1.1", b"Host: x", b"Connection: Upgrade", b"Upgrade: h2c"
    ),
    "an upgrade to a websocket": _lines(
        *(b"GET /livez HTTP/1.1", b"Host: x", b"Connection: Upgrade", b"Upgrade: websocket"),
        *(b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
    ),
}

INPUTS = (
    *(Input(f"a head of {what}", sent, "400") for what, sent in _HEADS.items()),
    Input("five hundred blank lines before a request", b"\r\n" * 500 + request("GET", "/x"), "404"),
    Input("two blanks before the target", _lines(b"GET  /x HTTP/1.1", b"Host: x"), "404"),
    Input("a protocol for streams", _lines(b"GET /x RTSP/1.0", b"Host: x"), "404"),
    Input("a protocol for radio", _lines(b"SOURCE /livez ICE/1.0", b"Host: x"), "405"),
    Input("HTTP/1.0 asks and goes", request("GET", "/x", version=b"HTTP/1.0", host=None), "404"),
    Input("more requests at once than are kept", request("GET", "/x") * 200, "404 " * 64 + "400"),
)
