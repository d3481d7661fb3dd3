"""dj-stripe's endpoint, where its documentation puts it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def ready(_: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [
    path("stripe/", include("djstripe.urls", namespace="djstripe")),
    path("readyz", ready),
]
