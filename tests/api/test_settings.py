"""What the environment must say before there is an API."""

from __future__ import annotations

import pytest

from ingress import settings
from ingress.errors import StartRefused
from tests.api.serving import PEPPER


@pytest.fixture(autouse=True)
def _stores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql:///x")
    monkeypatch.setenv("REDIS_URL", "redis://localhost")


@pytest.mark.parametrize("pepper", ["", "x" * 31])
def test_a_pepper_that_is_empty_or_short_does_not_start_and_is_not_repeated(
    pepper: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY_PEPPER", pepper)
    with pytest.raises(StartRefused, match="API_KEY_PEPPER") as refused:
        settings.load()
    assert not pepper or pepper not in str(refused.value)


def test_a_pepper_is_in_no_picture_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY_PEPPER", PEPPER)
    told = settings.load()
    assert told.api_key_pepper == PEPPER
    assert PEPPER not in repr(told)


@pytest.mark.parametrize("variable", ["RATE_LIMIT_INITIALIZE", "RATE_LIMIT_VERIFY"])
@pytest.mark.parametrize("text", ["", "5", "0/minute", "5/fortnight", "-1/second", "5 per minute"])
def test_what_is_no_rate_does_not_start(
    variable: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, text)
    with pytest.raises(StartRefused, match=variable):
        settings.load()
