"""What is announced, and what of it the first hash of a history covers."""

from __future__ import annotations

from dataclasses import replace

from domain.announcement import Announcement, genesis_fields
from domain.money import Money

ASKED = Announcement("p1", "paystack", Money("NGN", 500), "ada")


def test_who_says_no_more_announces_for_an_operator_at_the_default_account() -> None:
    assert (ASKED.account, ASKED.client_id) == ("default", "operator")
    assert (ASKED.idempotency_key, ASKED.metadata) == (None, {})


def test_all_that_was_asked_is_covered_in_an_order_that_never_changes() -> None:
    asked = replace(ASKED, account="eu", client_id="shop")
    covered = ["p1", "shop", "ada", "paystack", "eu", 500, "NGN", "client:shop"]
    assert genesis_fields(asked, "client:shop") == covered
