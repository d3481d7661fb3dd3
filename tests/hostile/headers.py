"""Headers: said twice, said oddly, or said by somebody who has no say."""

from __future__ import annotations

from tests.hostile.ground import SHOP
from tests.hostile.inputs import (
    EVENT,
    PAYMENT,
    PAYMENTS,
    PAYSTACK,
    Headers,
    Input,
    api,
    asked,
    charge,
    code,
    post,
    request,
    signed,
)

_BODY = charge("headers", 1)
_SIGNED = (b"X-Paystack-Signature", code(_BODY))
_BAD = (b"X-Paystack-Signature", b"0" * 128)

_HOSTS = {
    "a path": b"a/admin?x=",
    "a user": b"user@pay.example",
    "a blank": b"pay.example evil.example",
    "a comma": b"pay.example, evil.example",
    "a port that is none": b"pay.example:http",
    "a backslash": b"pay.example\\evil",
    "a fragment": b"pay.example#x",
    "an angle": b"<script>",
    "a quote": b'pay.example"',
    "an escape": b"pay%2eexample",
    "letters beyond ASCII": "p\u0430y.example".encode(),
    "nothing": b"",
    "300 letters": b"a" * 300,
    "an open bracket": b"[::1",
}

_TWICE: dict[str, tuple[tuple[bytes, bytes], tuple[bytes, bytes]]] = {
    "the good signature first": (_SIGNED, _BAD),
    "the good signature last": (_BAD, _SIGNED),
    "the good signature twice": (_SIGNED, _SIGNED),
    "an empty signature first": ((_SIGNED[0], b""), _SIGNED),
    "two types": ((b"Content-Type", b"application/json"), (b"Content-Type", b"text/plain")),
    "one type twice": ((b"Content-Type", b"a/b"), (b"Content-Type", b"a/b")),
    "two encodings": ((b"Content-Encoding", b"identity"), (b"Content-Encoding", b"identity")),
}

_IGNORED: dict[str, Headers] = {
    "X-Forwarded-For of the loopback": ((b"X-Forwarded-For", b"127.0.0.1"),),
    "X-Forwarded-For of a thousand hops": ((b"X-Forwarded-For", b"10.0.0.1, " * 1_000),),
    "X-Forwarded-For that is SQL": ((b"X-Forwarded-For", b"'; DROP TABLE payment_logs; --"),),
    "X-Real-IP": ((b"X-Real-IP", b"::1"),),
    "Forwarded": ((b"Forwarded", b"for=127.0.0.1;proto=https;host=admin"),),
    "X-Original-URL": ((b"X-Original-URL", b"/v1/payments"),),
    "X-Rewrite-URL": ((b"X-Rewrite-URL", b"/v1/payments"),),
    "X-HTTP-Method-Override": ((b"X-HTTP-Method-Override", b"DELETE"),),
    "X-Forwarded-Host": ((b"X-Forwarded-Host", b"evil.example"),),
    "X-Forwarded-Prefix": ((b"X-Forwarded-Prefix", b"/..;/admin"),),
    "Range": ((b"Range", b"bytes=" + b"0-," * 1_000),),
    "If-None-Match": ((b"If-None-Match", b"*"),),
    "Accept": ((b"Accept", b"*/*;q=" + b"9" * 500),),
    "Expect that is none": ((b"Expect", b"200-ok"),),
    "an empty value": ((b"X-Empty", b""),),
    "bytes beyond ASCII": ((b"X-Bytes", bytes(range(128, 256))),),
    "Log4j": ((b"User-Agent", b"${jndi:ldap://127.0.0.1:1/a}"),),
    "Shellshock": ((b"User-Agent", b"() { :;}; touch /tmp/never"),),
    "ninety headers": tuple((b"X-%d" % n, b"1") for n in range(90)),
    "Proxy": ((b"Proxy", b"http://127.0.0.1:1/"),),
    "a signature with an underscore": ((b"X_Paystack_Signature", b"0" * 128),),
    "Transfer-Encoding with an underscore": ((b"Transfer_Encoding", b"chunked"),),
    "a name that a prototype has": ((b"__proto__", b"1"), (b"constructor", b"2")),
    "a request id that is a script": ((b"X-Request-Id", b"<script>alert(1)</script>"),),
    "a request id that ends a line": ((b"X-Request-Id", b"abcdefgh%0d%0aX: y"),),
    "a traceparent of zeros": ((b"traceparent", b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-00"),),
    "a tracestate of 10 kB": ((b"tracestate", b"a" * 10_000),),
}


def _both(*headers: tuple[bytes, bytes]) -> bytes:
    given = headers if _SIGNED[0] in dict(headers) else (_SIGNED, *headers)
    return post(_BODY, *given)


INPUTS = (
    *(
        Input(f"a Host with {what}", request("GET", "/x", host=value), "400", "request_malformed")
        for what, value in _HOSTS.items()
    ),
    Input("no Host", request("GET", "/x", host=None), "400", "request_malformed"),
    Input("no Host on a good delivery", post(_BODY, _SIGNED, host=None), "400"),
    Input("two Hosts", request("GET", "/x", ((b"Host", b"evil.example"),)), "400"),
    Input("the same Host twice", request("GET", "/x", ((b"Host", b"pay.example"),)), "400"),
    Input("a Host with a port", request("GET", "/x", host=b"pay.example:8443"), "404"),
    Input("a Host that is an IPv6 address", request("GET", "/x", host=b"[::1]:80"), "404"),
    *(
        Input(f"twice: {what}", _both(*pair), "400", "request_malformed")
        for what, pair in _TWICE.items()
    ),
    *(
        Input(
            f"ignored: {what}",
            signed(charge("ignored", number), *headers),
            "200",
            by=True,
            adds=EVENT,
        )
        for number, (what, headers) in enumerate(_IGNORED.items())
    ),
    Input(
        "only an underscore between the words of the signature's name",
        post(_BODY, (b"X_Paystack_Signature", code(_BODY))),
        "401",
        "signature_missing",
    ),
    Input(
        "the signature in the query",
        post(_BODY, path=f"{PAYSTACK}?x-paystack-signature={code(_BODY).decode()}"),
        "401",
        "signature_missing",
    ),
    Input(
        "the signature in a cookie",
        post(_BODY, (b"Cookie", b"x-paystack-signature=" + code(_BODY))),
        "401",
        "signature_missing",
    ),
    Input(
        "a body that comes although nobody said to go on",
        signed(charge("headers", 3), (b"Expect", b"100-continue")),
        "200",
        by=True,
        adds=EVENT,
    ),
    Input(
        "two keys of the API, the good one first",
        api("GET", PAYMENTS, None, (b"Authorization", b"Bearer prk_x")),
        "401",
        "key_missing",
    ),
    Input(
        "two keys of the API, parted by a comma",
        request("GET", PAYMENTS, ((b"Authorization", b"Bearer " + SHOP.encode() + b", Bearer x"),)),
        "401",
    ),
    Input(
        "a client's own address as a proxy would say it",
        api("POST", PAYMENTS, asked(reference="by-proxy"), (b"X-Forwarded-For", b"6.6.6.6")),
        "202",
        by=True,
        adds=PAYMENT,
    ),
)
