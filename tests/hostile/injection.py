"""Injection: text that is SQL, a shell, a template, a terminal's or a page's language elsewhere.

Whatever is taken is kept and given back as it was sent. What it does on a page and in a terminal
is another pack's (`shown`).
"""

from __future__ import annotations

import json

from tests.hostile.ground import CANARY, PAN
from tests.hostile.inputs import (
    EVENT,
    PAYMENT,
    PAYMENTS,
    Input,
    api,
    asked,
    charge,
    post,
    signed,
)
from tests.hostile.strings import HOSTILE

_DEBIT = {"customer_id": "ada", "amount_minor": 1, "currency": "NGN"}

INPUTS = (
    *(
        Input(
            f"in metadata: {what}",
            api("POST", PAYMENTS, asked(reference=f"meta-{number}", metadata={"a": text, text: 1})),
            "202",
            by=True,
            adds=PAYMENT,
        )
        for number, (what, text) in enumerate(HOSTILE.items())
    ),
    *(
        Input(
            f"as a customer: {what}",
            api("POST", PAYMENTS, asked(customer_id=text)),
            "422",
            "validation_failed",
            by=True,
        )
        for what, text in HOSTILE.items()
    ),
    *(
        Input(
            f"as an unknown field's name: {what}",
            api("POST", PAYMENTS, asked() | {text: 1}),
            "422",
            "validation_failed",
            by=True,
        )
        for what, text in HOSTILE.items()
    ),
    *(
        Input(
            f"in an authentic delivery: {what}",
            signed(charge("asked-1", f"x{number}{text}", currency=text, customer={"name": text})),
            "200",
            by=True,
            adds=EVENT,
        )
        for number, (what, text) in enumerate(HOSTILE.items())
    ),
    *(
        Input(
            f"in a forged delivery: {what}",
            post(
                json.dumps({"event": text, "data": {"reference": text, "id": CANARY}}).encode(),
                (b"X-Paystack-Signature", text.encode().replace(b"\n", b" ").replace(b"\r", b" "))
                if text.isprintable()
                else (b"X-Paystack-Signature", b"x"),
            ),
            "401",
            "signature_invalid",
        )
        for what, text in HOSTILE.items()
    ),
    Input(
        "a control sign in a reason",
        api("POST", f"{PAYMENTS}/paid-1/refunds", {"amount_minor": 1, "reason": "\x1b[2J"}),
        "422",
        by=True,
    ),
    Input(
        "a line's end in a description",
        api("POST", "/v1/sms-transactions", _DEBIT | {"description": "a\r\nb"}),
        "422",
        by=True,
    ),
    Input(
        "a card's number in a request that is refused",
        api("POST", PAYMENTS, asked(email=f"{PAN} {CANARY}")),
        "422",
        by=True,
    ),
    Input(
        "a card's number in a body that cannot be read",
        api(
            "POST", PAYMENTS, b'{"card":"%b","cvv":"123","x":"%b"' % (PAN.encode(), CANARY.encode())
        ),
        "400",
        by=True,
    ),
    Input(
        "a card's number in a name of a field",
        api("POST", PAYMENTS, asked() | {"amount": PAN}),
        "422",
        by=True,
    ),
)
