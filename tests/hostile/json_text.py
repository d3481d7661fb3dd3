"""JSON: texts that two parsers read differently, or that cost one of them too much."""

from __future__ import annotations

import json

from tests.hostile.inputs import EVENT, PAYMENTS, Input, api, asked, charge, signed

_TEXT = json.dumps(asked())
_DEEP = 30_000


def _with(member: str) -> bytes:
    return (_TEXT[:-1] + ", " + member + "}").encode()


_MALFORMED = {
    "no end": b"{",
    "a list": b"[]",
    "null": b"null",
    "true": b"true",
    "a number": b"1",
    "a text": b'"x"',
    "nothing but blanks": b" \r\n\t ",
    "two documents": b"{}{}",
    "a rest": _TEXT.encode() + b"x",
    "a NUL behind it": _TEXT.encode() + b"\x00",
    "a comma at the end": _TEXT[:-1].encode() + b",}",
    "a comment": b"/* x */" + _TEXT.encode(),
    "a comment of a line": _TEXT[:-1].encode() + b"// x\n}",
    "single quotes": _TEXT.replace('"', "'").encode(),
    "keys without quotes": b"{provider:1}",
    "a guard against scripts": b")]}',\n" + _TEXT.encode(),
    "a form feed": b"\x0c" + _TEXT.encode(),
    "a blank that is not JSON's": "\u00a0".encode() + _TEXT.encode(),
    "a line's end in a text": _with('"metadata": {"a": "x\ny"}'),
    "a tab in a text": _with('"metadata": {"a": "x\ty"}'),
    "an ESC in a text": _with('"metadata": {"a": "\x1b"}'),
    "an escape that is none": _with('"metadata": {"a": "\\x41"}'),
    "an escape that is cut": _with('"metadata": {"a": "\\u00"}'),
    "a NUL that is escaped": _with('"metadata": {"a": "\\u0000"}'),
    "a NUL in a key": _with('"metadata": {"a\\u0000": 1}'),
    "the first half of a pair": _with('"metadata": {"a": "\\ud800"}'),
    "the second half of a pair": _with('"metadata": {"a": "\\udc00"}'),
    "the halves of a pair exchanged": _with('"metadata": {"a": "\\udc00\\ud800"}'),
    "half a pair in a key": _with('"metadata": {"\\uD800": 1}'),
    "a key twice": _with('"amount_minor": 1'),
    "a key twice, once escaped": _with('"am\\u006funt_minor": 1'),
    "a key twice within": _with('"metadata": {"a": 1, "a": 2}'),
    "a key twice, far down": _with('"metadata": {"a": [{"b": {"c": 1, "c": 1}}]}'),
    "an empty key twice": _with('"metadata": {"": 1, "": 2}'),
    "lists in lists": b"[" * _DEEP,
    "objects in objects": b'{"a":' * (_DEEP // 3),
    "objects in objects, with their ends": b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    "65 levels": b'{"a":' * 65 + b"1" + b"}" * 65,
    "70 levels within": _with('"metadata": ' + '{"a":' * 70 + "1" + "}" * 70),
    "brackets that do not fit": b'{"a":[1}',
    "sixty thousand quotes": b'"' * 60_000,
    "sixty thousand escapes": b'{"a":"' + b"\\" * 60_000,
    "sixty thousand minus signs": b'{"a":' + b"-" * 60_000,
}

_REFUSED = {
    "an empty object": b"{}",
    "a prototype": _with('"__proto__": {"is_admin": true}'),
    "a constructor": _with('"constructor": {"prototype": {}}'),
    "a class": _with('"__class__": "Intent"'),
    "an operator of another store": _with('"$where": "1"'),
    "a state": _with('"state": "completed"'),
    "what was captured": _with('"captured_minor": 5000'),
    "another client": _with('"client_id": "other"'),
    "an id": _with('"id": 1'),
    "a version": _with('"lock_version": 9'),
    "a time": _with('"created_at": "1970-01-01T00:00:00Z"'),
    "a scope": _with('"scopes": ["payments:write"]'),
    "an empty key": _with('"": 1'),
    "a key of 1,000 letters": _with('"' + "k" * 1_000 + '": 1'),
    "a key of slashes": _with('"~0/~1//": 1'),
    "keys of another case": _TEXT.replace("amount_minor", "Amount_Minor").encode(),
    "nine levels of metadata": _with('"metadata": ' + '{"a":' * 9 + "1" + "}" * 9),
    "a null in the place of a customer": json.dumps(asked() | {"customer_id": None}).encode(),
    "an object in the place of a customer": json.dumps(
        asked() | {"customer_id": {"$ne": 1}}
    ).encode(),
    "a list in the place of a provider": json.dumps(asked() | {"provider": ["paystack"]}).encode(),
    "a text in the place of metadata": json.dumps(asked() | {"metadata": "{}"}).encode(),
    "a thousand unknown keys": json.dumps(asked() | {f"k{n}": 0 for n in range(1_000)}).encode(),
}

_KEPT = {
    "an id that is a NUL": charge("k", "\u0000"),
    "an id of 100,000 letters": charge("k", "i" * 100_000),
    "an id that is a list": charge("k", [1]),
    "an id that is an object": charge("k", {"$ne": 1}),
    "an id of half a pair": charge("k", "\ud800"),
    "an id of 2,000 digits": b'{"event":"charge.success","data":{"id":' + b"9" * 2_000 + b"}}",
    "an id of 5,000 digits": b'{"event":"charge.success","data":{"id":' + b"9" * 5_000 + b"}}",
    "an id that is NaN": b'{"event":"charge.success","data":{"id":NaN}}',
    "an id that is infinite": b'{"event":"charge.success","data":{"id":1e999}}',
    "an id that is true": charge("k", 0).replace(b'"id": 0', b'"id": true'),
    "an id that is empty": charge("k", ""),
    "an id that reads like a body's": charge("k", "body:" + "0" * 64),
    "an id that ends a line": charge("k", "a\r\nb"),
    "an id that is SQL": charge("k", "'; DROP TABLE inbound_events; --"),
    "an id that is an array of Postgres": charge("k", '{"a","b"}'),
    "an id of backslashes": charge("k", "\\\\x00\\"),
    "a reference that is a NUL": charge("\u0000", 501),
    "a reference of half a pair": charge("\udfff", 502),
    "a reference of 100,000 letters": charge("r" * 100_000, 503),
    "a reference that is SQL": charge("' OR 1=1 --", 504),
    "a reference that is a path": charge("../../etc/passwd", 505),
    "a reference that is an object": charge("k", 506, reference={"a": 1}),
    "a type that is a NUL": charge("k", 507).replace(b"charge.success", b"charge.\\u0000"),
    "a type of 100,000 letters": charge("k", 508).replace(b"charge.success", b"c" * 100_000),
    "a type that is a number": b'{"event":1,"data":{"id":509}}',
    "a type that nobody knows": charge("k", 510).replace(b"charge.success", b"charge.exploded"),
    "data that is a list": b'{"event":"charge.success","data":[]}',
    "data that is null": b'{"event":"charge.success","data":null}',
    "data that is a text": b'{"event":"charge.success","data":"x"}',
    "a world that there is not": charge("k", 511, domain="moon"),
    "the other world": charge("k", 512, domain="live"),
    "a time that is none": charge("k", 513, paid_at="yesterday"),
    "a time of the year 9999": charge("k", 514, paid_at="9999-12-31T23:59:59Z"),
    "a time of the year 0": charge("k", 515, paid_at="0000-01-01T00:00:00Z"),
    "a time of a huge zone": charge("k", 516, paid_at="2026-01-01T00:00:00+99:99"),
    "100,000 lists in lists": b"[" * 100_000,
    "20,000 objects in objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "30,000 keys": json.dumps({f"k{n}": n for n in range(15_000)}).encode(),
    "a text of 200,000 letters": json.dumps({"event": "x" * 200_000}).encode(),
    "a prototype": b'{"__proto__":{"a":1},"event":"charge.success","data":{"id":517}}',
}

INPUTS = (
    *(
        Input(
            f"a request that is {what}",
            api("POST", PAYMENTS, body),
            "400",
            "request_malformed",
            by=True,
        )
        for what, body in _MALFORMED.items()
    ),
    *(
        Input(
            f"a request with {what}",
            api("POST", PAYMENTS, body),
            "422",
            "validation_failed",
            by=True,
        )
        for what, body in _REFUSED.items()
    ),
    *(
        Input(f"an authentic delivery with {what}", signed(body), "200", by=True, adds=EVENT)
        for what, body in _KEPT.items()
    ),
    *(
        Input(
            f"an authentic delivery that is {what}",
            signed(body + b"\n"),
            "200",
            by=True,
            adds=EVENT,
        )
        for what, body in _MALFORMED.items()
    ),
)
