"""Paths and methods: other spellings of a path of ours lead nowhere."""

from __future__ import annotations

from tests.hostile.ground import CANARY, PATH_SECRET
from tests.hostile.inputs import PAYSTACK, Input, api, by_mpesa, charge, post, request, signed

_BODY = charge("paths", 1)

_NOWHERE = {
    "the root": b"/",
    "a prefix": b"/webhooks",
    "a prefix and a slash": b"/webhooks/",
    "a slash too many at the end": b"/webhooks/paystack/",
    "two slashes at the start": b"//webhooks/paystack",
    "two slashes inside": b"/webhooks//paystack",
    "a dot": b"/webhooks/./paystack",
    "a step up": b"/webhooks/x/../paystack",
    "steps up and away": b"/../../../../etc/passwd",
    "an escaped letter": b"/webhooks/%70aystack",
    "an escaped slash": b"/webhooks%2fpaystack",
    "an escaped step up": b"/webhooks/x%2f..%2fpaystack",
    "a step escaped twice": b"/webhooks/%252e%252e/paystack",
    "a NUL": b"/webhooks/paystack%00",
    "a line's end": b"/webhooks/paystack%0d%0aX-Evil:%201",
    "an overlong slash": b"/webhooks/%c0%af",
    "a parameter": b"/webhooks/paystack;x=1",
    "a backslash": b"/webhooks\\paystack",
    "a suffix": b"/webhooks/paystack.json",
    "a name in UTF-8": b"/webhooks/p%C3%A4ystack",
    "an escape that is none": b"/webhooks/%zz",
    "a broken escape": b"/webhooks/paystack%",
    "a tilde": b"/~root/",
    "a configuration": b"/.env",
    "a repository": b"/.git/config",
    "the metrics": b"/metrics",
    "the console": b"/dead-letters",
    "the console's door": b"/sign-in",
    "a documentation": b"/docs",
    "a debugger": b"/__debug__/",
    "PHP": b"/index.php?s=/index/\\think\\app/invokefunction",
    "a template": b"/{{7*7}}",
    "a script": b"/<script>alert(1)</script>",
    "the canary in its path": b"/" + CANARY.encode(),
}

_NOBODY = {
    "nobody": "/webhooks/nobody",
    "one who is not configured": "/webhooks/square",
    "capitals": "/webhooks/PAYSTACK",
    "an account that is not there": "/webhooks/paystack/other",
    "the account's name in capitals": "/webhooks/paystack/Default",
    "a prototype": "/webhooks/__proto__",
    "an attribute": "/webhooks/__class__",
    "five hundred letters": "/webhooks/" + "p" * 500,
    "a path that ends with a secret it has not": f"/webhooks/paystack/default/{PATH_SECRET}",
    "a wildcard": "/webhooks/*",
    "a blank name": "/webhooks/+",
    "the unsigned source without its secret": "/webhooks/mpesa-daraja",
    "the unsigned source's account without its secret": "/webhooks/mpesa-daraja/default",
    "the unsigned source's other account": f"/webhooks/mpesa-daraja/kisumu/{PATH_SECRET}",
}

_WRONG_SECRETS = {
    "a secret that is cut": PATH_SECRET[:-1],
    "a secret that is longer": PATH_SECRET + "a",
    "a secret in capitals": PATH_SECRET.upper(),
    "a secret of one letter": "x",
    "a secret of 1,500 letters": "x" * 1_500,
    "a secret that is a pattern": ".*",
}

_METHODS = ("GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "PROPFIND", "SEARCH")
_NO_METHODS = ("post", "Post", "POSTS", "GE T", "G\x00T", "X" * 500, "POST\x0b", "\u00c9")

_TARGETS = {
    "absolute": b"http://elsewhere/livez",
    "absolute and of our own": b"http://pay.example/webhooks/paystack",
    "without a slash": b"webhooks/paystack",
    "a user and a host": b"@elsewhere/",
    "an asterisk": b"*",
    "an authority": b"elsewhere:443",
    "a query alone": b"?x=1",
    "bytes beyond ASCII": b"/\xff\xfe",
    "a letter beyond ASCII": "/webhooks/p\u0430ystack".encode(),
    "a control byte": b"/webhooks/pay\x01stack",
    "a NUL": b"/webhooks/paystack\x00",
    "a file": b"file:///etc/passwd",
    "a gopher": b"gopher://127.0.0.1:6379/_FLUSHALL",
    "a script": b"javascript:alert(1)",
}

INPUTS = (
    *(
        Input(
            f"a good delivery for {what}",
            post(_BODY, path=path.decode("latin-1"))
            if path.isascii()
            else request("POST", path, (), _BODY),
            "400|404|405" if b"?" in path or b"\\" in path or b"{" in path else "404",
        )
        for what, path in _NOWHERE.items()
    ),
    *(
        Input(f"a provider that is {what}", signed(_BODY, path=path), "404", "provider_unknown")
        for what, path in _NOBODY.items()
    ),
    *(
        Input(what, by_mpesa(f"/webhooks/mpesa-daraja/{secret}"), "401", "signature_invalid")
        for what, secret in _WRONG_SECRETS.items()
    ),
    Input(
        "a fragment is a part of no path of ours",
        signed(_BODY, path="/webhooks/paystack#x"),
        "400",
    ),
    *(
        Input(
            f"{method} where only POST is known",
            request(method, PAYSTACK),
            "405",
            "" if method == "HEAD" else "method_not_allowed",
        )
        for method in _METHODS
    ),
    *(
        Input(f"a method that is none: {method[:8]!r}", request(method, PAYSTACK), "400")
        for method in _NO_METHODS
    ),
    Input("CONNECT", request("CONNECT", "127.0.0.1:5432"), "400"),
    Input("a delivery by GET", request("GET", PAYSTACK, (), _BODY), "405 ", "method_not_allowed"),
    *(
        Input(f"a target that is {what}", request("GET", target), "400")
        for what, target in _TARGETS.items()
    ),
    *(
        Input(f"{method} {path}", api(method, path), "405", by=False)
        for method, path in (
            *(
                ("DELETE", "/v1/payments"),
                ("PUT", "/v1/payments/paid-1"),
                ("PATCH", "/openapi.json"),
            ),
            *(("GET", "/v1/payments/paid-1/verify"), ("DELETE", "/health"), ("POST", "/livez")),
            *(("GET", "/v1/sms-transactions/x/reversal"), ("POST", "/openapi.json")),
        )
    ),
    *(
        Input(f"the API at {path}", api("GET", path), "404")
        for path in (
            *("/v1", "/v1/", "/V1/payments", "/v1/payments/", "/v1//payments", "/v2/payments"),
            *("/v1/payments/paid-1/", "/v1/payments/paid-1/admin", "/v1/payments/%2fpaid-1"),
            *("/v1/payments/paid-1%00", "/v1/payments/..%2fcustomers", "/v1/operators"),
            *("/v1/payments/%70aid%2d1%20", "/v1/clients/shop/keys"),
        )
    ),
)
