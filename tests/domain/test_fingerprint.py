from __future__ import annotations

import pytest

from domain.fingerprint import FINGERPRINT_LENGTH, fingerprint


def of(message: str, *, source: str = "stripe", reason: str = "exhausted") -> str:
    return fingerprint(source, "charge.succeeded", reason, "KeyError", message)


@pytest.mark.parametrize(
    "other",
    [
        "row 18 of 'ada' in deadbeef01",
        "row 17 of 'bob' in deadbeef01",
        "row 17 of 'ada' in cafebabe02",
        "row 99999 of '' in 00000000",
    ],
)
def test_what_differs_in_numbers_ids_and_quoted_text_is_one_failure(other: str) -> None:
    assert of("row 17 of 'ada' in deadbeef01") == of(other)


@pytest.mark.parametrize(
    ("message", "source", "reason"),
    [
        ("column 17", "stripe", "exhausted"),
        ("row 17", "paystack", "exhausted"),
        ("row 17", "stripe", "expired"),
    ],
)
def test_other_words_sources_and_reasons_are_other_failures(
    message: str, source: str, reason: str
) -> None:
    assert of(message, source=source, reason=reason) != of("row 17")


def test_parts_cannot_run_into_each_other() -> None:
    assert fingerprint("a", "bc", "r", "E", "m") != fingerprint("ab", "c", "r", "E", "m")


def test_a_fingerprint_is_short_and_the_same_in_every_process() -> None:
    assert of("row 17") == "a351f4d2478b7a21"
    assert len(of("row 17")) == FINGERPRINT_LENGTH
