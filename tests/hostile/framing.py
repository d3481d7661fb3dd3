"""Framing: where one request ends and the next begins."""

from __future__ import annotations

from tests.hostile.inputs import EVENT, PAYSTACK, Input, charge, code, post, request, signed

_BODY = charge("framing", 1)
_SIGNED = (b"X-Paystack-Signature", code(_BODY))


def _raw(head: bytes, rest: bytes = b"") -> bytes:
    """Write a signed delivery whose framing headers are these, whatever they are."""
    start = b"POST " + PAYSTACK.encode() + b" HTTP/1.1\r\nHost: x\r\nX-Paystack-Signature: "
    return start + code(_BODY) + b"\r\n" + head + b"\r\n\r\n" + rest


def _chunked(*pieces: bytes, te: bytes = b"Transfer-Encoding: chunked") -> bytes:
    return _raw(te, b"".join(pieces))


_WHOLE = b"%x\r\n%b\r\n" % (len(_BODY), _BODY)
_CL = b"Content-Length: %d" % len(_BODY)

_LENGTHS = {
    "negative": b"-1",
    "signed": b"+%d" % len(_BODY),
    "hexadecimal": b"0x10",
    "of twenty digits": b"9" * 20,
    "two raised to the 64": b"18446744073709551616",
    "with a fraction": b"10.0",
    "with an exponent": b"1e2",
    "with a blank inside": b"1 0",
    "empty": b"",
    "a word": b"ten",
    "a list of equal ones": b"%d, %d" % (len(_BODY), len(_BODY)),
    "a list of different ones": b"1, 2",
    "with an underscore": b"1_0",
    "in digits of another script": "१०".encode(),
    "in quotes": b'"10"',
    "with a semicolon": b"10;",
}

_CODINGS = {
    "an unknown one": b"xchunked",
    "chunked before identity": b"chunked, identity",
    "chunked twice": b"chunked, chunked",
    "chunked and a blank tab": b"chunked\x0b",
    "chunked in quotes": b'"chunked"',
    "identity": b"identity",
    "gzip alone": b"gzip",
    "chunked with a NUL": b"chunked\x00",
    "a comma before chunked": b",chunked",
    "an empty one": b"",
}

_CHUNKS = {
    "a size that is no number": b"zz\r\n" + _BODY,
    "a size with 0x": b"0x2\r\nab\r\n0\r\n\r\n",
    "a negative size": b"-1\r\nab\r\n0\r\n\r\n",
    "a size with a sign": b"+2\r\nab\r\n0\r\n\r\n",
    "a size beyond 64 bits": b"fffffffffffffffff\r\nab\r\n0\r\n\r\n",
    "a size with an underscore": b"1_0\r\nab\r\n0\r\n\r\n",
    "a chunk longer than its size": b"2\r\nabXX0\r\n\r\n",
    "a chunk without its end": b"2\r\nab0\r\n\r\n",
    "an end of LF alone": b"2\nab\n0\n\n",
    "an end of CR alone": b"2\rab\r0\r\r",
    "an empty size": b"\r\nab\r\n0\r\n\r\n",
    "a blank for a size": b" \r\nab\r\n0\r\n\r\n",
    "a trailer without a colon": _WHOLE + b"0\r\nnonsense\r\n\r\n",
    "a trailer with a NUL": _WHOLE + b"0\r\nA: \x00\r\n\r\n",
}

INPUTS = (
    *(
        Input(f"a Content-Length that is {what}", _raw(b"Content-Length: " + value, _BODY), "400")
        for what, value in _LENGTHS.items()
    ),
    *(
        Input(
            f"a Transfer-Encoding that is {what}",
            _raw(b"Transfer-Encoding: " + value, _WHOLE + b"0\r\n\r\n"),
            "400",
        )
        for what, value in _CODINGS.items()
    ),
    *(Input(f"chunks with {what}", _chunked(sent), "400") for what, sent in _CHUNKS.items()),
    Input("two Content-Length that differ", _raw(_CL + b"\r\nContent-Length: 1", _BODY), "400"),
    Input("two Content-Length that agree", _raw(_CL + b"\r\n" + _CL, _BODY), "400"),
    Input(
        "Content-Length before Transfer-Encoding",
        _raw(_CL + b"\r\nTransfer-Encoding: chunked", b"0\r\n\r\n" + _BODY),
        "400",
    ),
    Input(
        "Transfer-Encoding before Content-Length",
        _raw(b"Transfer-Encoding: chunked\r\n" + _CL, b"0\r\n\r\n" + _BODY),
        "400",
    ),
    Input(
        "Transfer-Encoding twice",
        _raw(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", _WHOLE + b"0\r\n\r\n"),
        "400",
    ),
    Input(
        "Transfer-Encoding in HTTP/1.0",
        request(
            "POST", PAYSTACK, (_SIGNED, (b"Transfer-Encoding", b"chunked")), version=b"HTTP/1.0"
        )
        + _WHOLE
        + b"0\r\n\r\n",
        "400",
    ),
    Input(
        "compressed within the chunks",
        _raw(b"Transfer-Encoding: gzip, chunked", _WHOLE + b"0\r\n\r\n"),
        "400",
    ),
    Input(
        "a Content-Length of five thousand zeros and a number",
        _raw(b"Content-Length: " + b"0" * 5_000 + b"%d" % len(_BODY), _BODY),
        "400",
    ),
    Input(
        "a body shorter than its Content-Length takes the next request for its rest",
        signed(_BODY, (b"Content-Length", b"%d" % (len(_BODY) + 20))),
        "401 400",
    ),
    Input(
        "a body longer than its Content-Length leaves a request that is none",
        post(_BODY, _SIGNED, (b"Content-Length", b"%d" % (len(_BODY) - 5))),
        "401 400",
    ),
    Input(
        "a body that is a request of its own stays a body",
        signed(request("GET", "/livez")),
        "200",
        by=True,
        adds=EVENT,
    ),
    Input(
        "a forged request behind a good one is judged by itself",
        signed(charge("framing", 2)) + post(charge("framing", 3), (_SIGNED[0], code(_BODY))),
        "200 401",
        "signature_invalid",
        by=True,
        adds=EVENT,
    ),
    Input(
        "a trailer that signs",
        post(b"", (b"Transfer-Encoding", b"chunked"))
        + _WHOLE
        + b"0\r\nX-Paystack-Signature: "
        + code(_BODY)
        + b"\r\n\r\n",
        "401",
        "signature_missing",
    ),
    Input(
        "a trailer that says another length",
        _chunked(b"0\r\nContent-Length: 5\r\n\r\n"),
        "400",
    ),
    Input(
        "a chunk of one byte a time",
        signed(b"", (b"Transfer-Encoding", b"chunked")).replace(code(b""), code(b"x" * 3_000))
        + b"1\r\nx\r\n" * 3_000
        + b"0\r\n\r\n",
        "200",
        by=True,
        adds=EVENT,
    ),
    Input(
        "a chunk with an extension",
        _chunked(b'%x;a="b"\r\n%b\r\n0\r\n\r\n' % (len(_BODY), _BODY)),
        "200",
        by=True,
        adds=EVENT,
    ),
    Input("chunks with an extension of 100 kB", _chunked(b"1;" + b"a" * 100_000), "431|400"),
    Input("a trailer of 100 kB", _chunked(b"0\r\nA: " + b"a" * 100_000), "401 431"),
    Input("twenty thousand trailers", _chunked(b"0\r\n" + b"A: b\r\n" * 20_000), "431|400"),
)
