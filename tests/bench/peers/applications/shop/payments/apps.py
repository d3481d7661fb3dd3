"""The application's configuration: the receiver is registered when Django is ready."""

from __future__ import annotations

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "shop.payments"

    def ready(self) -> None:
        from shop.payments import receivers  # noqa: F401, PLC0415  # as Django says for signals
