"""Queries: parameters of lists and reads that are none of ours, or too much."""

from __future__ import annotations

from tests.hostile.ground import OTHER
from tests.hostile.inputs import PAYMENTS, Input, api

_MALFORMED = {
    "bytes that are no UTF-8": b"state=%ff",
    "raw bytes that are no UTF-8": b"state=\xff",
    "twenty-one parameters": b"&".join(b"a%d=1" % n for n in range(21)),
    "a thousand parameters": b"a=1&" * 500,
}
_REFUSED = {
    "one that is not known": b"admin=true",
    "one in capitals": b"Limit=1",
    "a list of one": b"limit[]=1",
    "an object": b"limit[$gt]=1",
    "one that is there twice": b"limit=1&limit=2",
    "no name": b"=1",
    "a limit of zero": b"limit=0",
    "a limit below zero": b"limit=-1",
    "a limit beyond the largest": b"limit=101",
    "a limit of nothing": b"limit=",
    "a limit that is a word": b"limit=all",
    "a limit with a fraction": b"limit=1.5",
    "a limit with an exponent": b"limit=1e2",
    "a limit in hexadecimal": b"limit=0x10",
    "a limit that is NaN": b"limit=NaN",
    "a limit of 2,000 digits": b"limit=" + b"9" * 1_900,
    "a limit that is SQL": b"limit=1;DROP TABLE payment_logs",
    "a state that is none": b"state=paid",
    "a state in capitals": b"state=COMPLETED",
    "a state that is SQL": b"state='%20OR%201=1--",
    "a provider that is none": b"provider=adyen",
    "a customer that is a NUL": b"customer_id=%00",
    "a customer that is SQL": b"customer_id='%20OR%20'1'='1",
    "a customer that is a wildcard": b"customer_id=%25",
    "a customer that ends a line": b"customer_id=a%0d%0ab",
    "a customer of 101 letters": b"customer_id=" + b"c" * 101,
    "a cursor of nothing": b"cursor=",
    "a cursor of zeros": b"cursor=" + b"A" * 32,
    "a cursor that is no base64": b"cursor=!!!!",
    "a cursor beyond ASCII": b"cursor=%C3%A9",
    "a cursor that is a number": b"cursor=1",
    "a cursor of 501 letters": b"cursor=" + b"a" * 501,
    "a cursor that is SQL": b"cursor=1%20OR%201=1",
    "a cursor that is a NUL": b"cursor=%00",
    "an order": b"order_by=amount_minor;DROP",
    "a prototype": b"__proto__[x]=1",
}
_READING = {
    "a wait that is NaN": b"wait=nan",
    "a wait without an end": b"wait=inf",
    "a wait below zero": b"wait=-1",
    "a wait that is too long": b"wait=31",
    "a wait of 1e400": b"wait=1e400",
    "a wait that is a word": b"wait=long",
    "a version below zero": b"version=-1",
    "a version with a fraction": b"version=1.5",
    "a version that is a word": b"version=new",
}
_FINE = {
    "a version that no row can have": b"version=99999999999999999999",
    "a version of 1,900 digits": b"version=" + b"9" * 1_900,
    "no value at all": b"",
    "an ampersand alone": b"&",
    "a wait of next to nothing": b"wait=1e-9",
}

_LIST = PAYMENTS.encode() + b"?"
_ONE = PAYMENTS.encode() + b"/paid-1?"

INPUTS = (
    *(
        Input(f"a list: {what}", api("GET", _LIST + query), "400", by=b"\xff" not in query)
        for what, query in _MALFORMED.items()
    ),
    *(
        Input(f"a list: {what}", api("GET", _LIST + query.replace(b" ", b"%20")), "422", by=True)
        for what, query in _REFUSED.items()
    ),
    *(
        Input(f"a payment: {what}", api("GET", _ONE + query), "422", by=True)
        for what, query in _READING.items()
    ),
    *(
        Input(f"a payment: {what}", api("GET", _ONE + query), "200", by=True)
        for what, query in _FINE.items()
    ),
    Input(
        "a query where none is known",
        api("GET", "/v1/customers/ada/balance?as=other", key=OTHER),
        "422",
        by=True,
    ),
    *(
        Input(
            f"a reference {name[:12]!r} of {len(name)}",
            api("GET", f"{PAYMENTS}/{name}"),
            "404",
            by=by,
        )
        for name, by in (
            *(("never-asked", True), ("..", True), (".", True), ("%2e%2e", True), ("'--", True)),
            *(
                ("r" * 101, True),
                ("r" * 1_900, True),
                ("%40", True),
                ("*", True),
                ("paid-1'", True),
            ),
            *(
                ("PAID-1", True),
                ("paid-1;x", True),
                ("paid_1", True),
                ("0", True),
                ("-1", True),
                ("1e9", True),
            ),
            *(("%00", False), ("%ff", False), ("%c3%a9", False), ("a%20b", False), ("%25", False)),
        )
    ),
    *(
        Input(
            f"a customer {name[:12]!r}", api("GET", f"/v1/customers/{name}/balance"), "404", by=by
        )
        for name, by in (
            *(("nobody", True), ("ADA", True), ("..", True), ("c" * 101, True), ("'--", True)),
            *(("%00", False), ("ada%20", False), ("%c3%a9", False)),
        )
    ),
)
