"""Encodings: bytes that are no UTF-8, bodies that say what they are not, and what is compressed."""

from __future__ import annotations

import gzip
import json
import zlib

from tests.hostile.inputs import (
    EVENT,
    PAYMENTS,
    Input,
    api,
    asked,
    charge,
    post,
    request,
    signed,
)

_TEXT = json.dumps(asked())
_BOMB = gzip.compress(b"0" * 10_000_000)

_NO_UTF8 = {
    "a byte order mark": b"\xef\xbb\xbf" + _TEXT.encode(),
    "UTF-16": _TEXT.encode("utf-16"),
    "UTF-16 without a mark": _TEXT.encode("utf-16-le"),
    "UTF-32": _TEXT.encode("utf-32"),
    "UTF-7": b'{"provider":"+AHAAYQB5-"}\xff',
    "Latin-1": _TEXT.replace("customer-1", "é").encode("latin-1"),
    "an overlong slash": _TEXT.encode().replace(b"customer-1", b"\xc0\xaf"),
    "an overlong NUL": _TEXT.encode().replace(b"customer-1", b"\xc0\x80"),
    "half a surrogate pair in bytes": _TEXT.encode().replace(b"customer-1", b"\xed\xa0\x80"),
    "a character beyond Unicode": _TEXT.encode().replace(b"customer-1", b"\xf4\x90\x80\x80"),
    "a character that is cut": _TEXT.encode()[:-2] + b"\xe2\x82",
    "a lone continuation": _TEXT.encode().replace(b"customer-1", b"\x80"),
    "0xFF alone": b"\xff",
    "a NUL alone": b"\x00",
    "a file of gzip": _BOMB,
    "a file of zlib": zlib.compress(_TEXT.encode()),
    "a picture": b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
    "a pickle": b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93.",
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "YAML": b"!!python/object/apply:os.system ['true']",
    "a form": b"provider=paystack&amount_minor=5000",
    "messagepack": b"\x82\xa8provider\xa8paystack",
}

_TYPES = {
    "text": b"text/plain",
    "HTML": b"text/html",
    "XML": b"application/xml",
    "a form of many parts": b"multipart/form-data; boundary=x",
    "JSON in UTF-16": b"application/json; charset=utf-16",
    "JSON in Latin-1": b"application/json; charset=iso-8859-1",
    "JSON with two parameters": b"application/json; charset=utf-8; charset=utf-7",
    "JSON of a vendor": b"application/vnd.api+json",
    "JSON and more": b"application/json, text/plain",
    "a word": b"json",
    "a wildcard": b"*/*",
    "bytes beyond ASCII": b"application/json; charset=\xff",
    "a pickle": b"application/x-python-serialize",
}

_CODINGS = {
    "gzip": b"gzip",
    "gzip in capitals": b"GZIP",
    "deflate": b"deflate",
    "br": b"br",
    "zstd": b"zstd",
    "gzip twice": b"gzip, gzip",
    "identity and gzip": b"identity, gzip",
    "one that nobody knows": b"rot13",
    "a comma": b",",
    "a quality": b"gzip;q=0",
}

INPUTS = (
    *(
        Input(
            f"a request of the API in {what}",
            api("POST", PAYMENTS, body),
            "400",
            "request_malformed",
            by=True,
        )
        for what, body in _NO_UTF8.items()
    ),
    *(
        Input(
            f"an authentic delivery in {what}",
            signed(body + b" "),
            "200",
            by=True,
            adds=EVENT,
        )
        for what, body in _NO_UTF8.items()
    ),
    *(
        Input(
            f"a request of the API that says it is {what}",
            api("POST", PAYMENTS, asked(), (b"Content-Type", given)),
            "415",
            "content_type_unsupported",
            by=True,
        )
        for what, given in _TYPES.items()
    ),
    *(
        Input(
            f"an authentic delivery that says it is {what}",
            signed(charge("types", number), (b"Content-Type", given)),
            "200",
            by=True,
            adds=EVENT,
        )
        for number, (what, given) in enumerate(_TYPES.items())
    ),
    *(
        Input(
            f"a delivery compressed by {what}",
            signed(gzip.compress(charge()), (b"Content-Encoding", given)),
            "415",
            "encoding_unsupported",
        )
        for what, given in _CODINGS.items()
    ),
    Input(
        "a bomb for whoever would inflate it",
        signed(_BOMB, (b"Content-Encoding", b"gzip")),
        "415",
        "encoding_unsupported",
    ),
    Input(
        "a compressed request of the API",
        api("POST", PAYMENTS, gzip.compress(_TEXT.encode()), (b"Content-Encoding", b"gzip")),
        "415",
        "encoding_unsupported",
    ),
    Input(
        "a delivery said to be uncompressed, which it is",
        signed(charge("identity", 1), (b"Content-Encoding", b"identity")),
        "200",
        by=True,
        adds=EVENT,
    ),
    Input(
        "a GET that says it is compressed",
        request("GET", "/x", ((b"Content-Encoding", b"br"),)),
        "415",
    ),
    Input("an unsigned delivery in UTF-16", post(_TEXT.encode("utf-16")), "401"),
)
