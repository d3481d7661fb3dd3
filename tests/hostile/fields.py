"""Fields: currencies, providers, customers and addresses that are none."""

from __future__ import annotations

from tests.hostile.inputs import PAYMENT, PAYMENTS, Input, api, asked

_CURRENCIES = {
    "small letters": "ngn",
    "mixed letters": "Ngn",
    "a blank before": " NGN",
    "a line's end": "NGN\n",
    "a NUL-like sign": "NGN\u2400",
    "full width letters": "\uff2e\uff27\uff2e",
    "letters of another script": "N\u0413N",
    "two letters": "NG",
    "four letters": "USDT",
    "none": "",
    "a number": "566",
    "gold": "XAU",
    "no currency": "XXX",
    "a currency for tests": "XTS",
    "a unit of account": "CLF",
    "bitcoin": "BTC",
    "one that is no more": "DEM",
    "one that the provider does not write": "KWD",
    "a combining sign": "NGN\u0301",
    "a wildcard": "___",
}

_PROVIDERS = (
    "",
    "Paystack",
    "PAYSTACK",
    "paystack ",
    "adyen",
    "canary",
    "__proto__",
    "*",
    "stripe\n",
)

_FIELDS = {
    "customer_id": (
        "",
        " ",
        "a b",
        "a/b",
        "a\n",
        "c" * 101,
        "é",
        "a\u202eb",
        "'--",
        "a%00",
        "\u200b",
    ),
    "reference": (
        "",
        ".",
        "..",
        "a/b",
        "a b",
        "a\n",
        "r" * 101,
        "é",
        "a:b",
        "a%2fb",
        "<b>",
        "a\u200b",
    ),
    "email": (
        "nobody",
        "@",
        "a@",
        "@b",
        "a b@c",
        "a@b@c",
        "a@b\n",
        "é@b",
        "e" * 254 + "@b",
        "a@b\r\nBcc: c",
    ),
}

_CALLBACKS = (
    *("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://x/y", "gopher://x/"),
    *("//evil.example", "https:", "https://", "https:///x", "https://user@host/", "https://u:p@h/"),
    *(
        "https://host:0/",
        "https://host:99999/",
        "https://host:x/",
        "https://h\\@evil/",
        "https://[::1",
    ),
    *("https://a b/", "https://a\n/", "https://é.example/", " https://x/", "https://x/\u202e", "x"),
    *("https://[::ffff:zz]/", "https://@/", "https://:80/"),
)

INPUTS = (
    *(
        Input(
            f"a currency of {what}",
            api("POST", PAYMENTS, asked(currency=given)),
            "422",
            "validation_failed",
            by=True,
        )
        for what, given in _CURRENCIES.items()
    ),
    *(
        Input(
            f"a provider {given!r}",
            api("POST", PAYMENTS, asked(provider=given)),
            "422",
            "validation_failed",
            by=True,
        )
        for given in _PROVIDERS
    ),
    *(
        Input(
            f"a {field} {value[:12]!r} of {len(value)}",
            api("POST", PAYMENTS, asked(**{field: value})),
            "422",
            "validation_failed",
            by=True,
        )
        for field, values in _FIELDS.items()
        for value in values
    ),
    *(
        Input(
            f"a callback {url!r}",
            api("POST", PAYMENTS, asked(callback_url=url)),
            "422",
            "validation_failed",
            by=True,
        )
        for url in _CALLBACKS
    ),
    Input(
        "a callback into this machine, which we only hand on",
        api(
            "POST",
            PAYMENTS,
            asked(callback_url="http://169.254.169.254/latest/meta-data", reference="callback"),
        ),
        "202",
        by=True,
        adds=PAYMENT,
    ),
    Input(
        "an amount finer than the provider can be asked for",
        api("POST", PAYMENTS, asked(provider="stripe", currency="MGA", amount_minor=150)),
        "422",
        "validation_failed",
        by=True,
    ),
)
