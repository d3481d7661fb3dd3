"""Safaricom: what became of a push, told without an amount."""

from __future__ import annotations

import base64
from typing import ClassVar

from tests.simulator.api.lookups.book import FAILED, OPEN, PAID
from tests.simulator.api.lookups.desk import Asked, Desk, Said, user

RESULTS = {PAID: "0", FAILED: "1032"}


class Mpesa(Desk):
    """A sale is a push, by its `CheckoutRequestID`."""

    slug = "mpesa-daraja"
    settings: ClassVar = {
        "API_KEY": "SimulatedConsumerSecret",
        "CONSUMER_KEY": "SimulatedConsumerKey",
        "SHORTCODE": "174379",
        "PASSKEY": "simulated-passkey-0123456789",
        "MODE": "test",
    }
    object_id = "ws_CO_0101202600000000{:05}"
    currency = "KES"

    def token(self, asked: Asked) -> Said | None:
        if asked.path != ("oauth", "v1", "generate"):
            return None
        is_known = user(asked) == (self.settings["CONSUMER_KEY"], self.key)
        if not is_known or asked.query.get("grant_type") != "client_credentials":
            return 400, {"errorCode": "400.008.01", "errorMessage": "Invalid Authentication passed"}
        return 200, {"access_token": self.new_token(), "expires_in": str(self.token_lives_s)}

    def is_let_in(self, asked: Asked) -> bool:
        return self.has_token(asked)

    def refused(self) -> Said:
        return 404, {"requestId": "1", "errorCode": "404.001.03", "errorMessage": "Invalid Token"}

    def missing(self) -> Said:
        return 404, {"requestId": "1", "errorCode": "404.002.01", "errorMessage": "not found"}

    def answer(self, asked: Asked) -> Said | None:
        if asked.path != ("mpesa", "stkpushquery", "v1", "query") or asked.method != "POST":
            return None
        body = asked.json
        signed = self.settings["SHORTCODE"] + self.settings["PASSKEY"] + body["Timestamp"]
        if base64.b64decode(body["Password"]).decode() != signed:
            return 400, {"errorCode": "400.002.02", "errorMessage": "Bad Request"}
        sale = self.book.sales.get(body["CheckoutRequestID"])
        if sale is None:
            return self.missing()
        if sale.status == OPEN:
            return 500, {"errorCode": "500.001.1001", "errorMessage": "being processed"}
        return 200, {
            "ResponseCode": "0",
            "MerchantRequestID": "29115-34620561-1",
            "CheckoutRequestID": sale.object_id,
            "ResultCode": RESULTS.get(sale.status, sale.status),
            "ResultDesc": "12.50 \u00e9",
        }
