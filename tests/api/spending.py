"""Requests that spend credit and give it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.api.serving import Service
    from tests.ingress.serving import Answer

PATH = "/v1/sms-transactions"


def debit(reference: str | None = None, amount_minor: int = 100, **more: Any) -> dict[str, Any]:
    body = {"customer_id": "ada", "amount_minor": amount_minor, "currency": "NGN", **more}
    return body if reference is None else {**body, "reference": reference}


def spend(by: Service, *asked: Any, key: str | None = None, **more: Any) -> Answer:
    return by.ask("POST", PATH, debit(*asked, **more), key=key)


def give_back(service: Service, reference: str, *, key: str | None = None) -> Answer:
    return service.ask("POST", f"{PATH}/{reference}/reversal", key=key)
