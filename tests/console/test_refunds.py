"""Refunds that failed are shown with whose money it is, until it was asked for anew."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.workers.scene import capture
from workers.console.queries import ROWS_MAX

if TYPE_CHECKING:
    from tests.console.serving import Served
    from tests.workers.scene import Scene

FAILED = """
    INSERT INTO refunds (reference, payment_id, client_id, amount_minor, currency, reason, status,
                         created_at, settled_at)
    SELECT %s || n, id, 'shop', %s, 'NGN', 'returned', 'failed', now() - interval '2 h',
           now() - %s::interval
    FROM payment_logs, generate_series(1, %s) n WHERE reference = 'p1'
"""
ASKED_ANEW = """
    INSERT INTO refunds (reference, payment_id, client_id, amount_minor, currency)
    SELECT 'again', id, 'shop', 400, 'NGN' FROM payment_logs WHERE reference = 'p1'
"""
SPENT = "UPDATE customer_balances SET balance_minor = %s WHERE customer_id = 'ada'"


def shown(console: Served, address: str) -> str:
    answer = console.signed_in("val").get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


def paid(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))


def test_a_failed_refund_says_what_is_owed_to_whom_and_what_helps(
    console: Served, scene: Scene
) -> None:
    paid(scene)
    scene.execute(FAILED, ["rf", 400, "1 h", 1])

    text = shown(console, "/refunds/failed")

    assert "rf1" in text
    assert "4.00 NGN" in text
    assert "ada" in text
    assert 'href="/payments/p1"' in text
    assert "The customer has the credit again." in text
    scene.execute(SPENT, [150])
    assert "1.50 NGN is left" in shown(console, "/refunds/failed")
    scene.execute(SPENT, [0])
    assert "has spent the credit" in shown(console, "/refunds/failed")


def test_a_failed_refund_ends_the_calm_until_it_is_asked_for_anew(
    console: Served, scene: Scene
) -> None:
    paid(scene)
    scene.execute(FAILED, ["rf", 400, "1 h", 1])
    assert "1 refund failed" in shown(console, "/")

    scene.execute(ASKED_ANEW)

    assert "refund failed" not in shown(console, "/")
    assert "It was asked anew as <code>again</code>" in shown(console, "/refunds/failed")


def test_a_refund_that_failed_long_ago_is_listed_and_no_longer_pointed_at(
    console: Served, scene: Scene
) -> None:
    paid(scene)
    scene.execute(FAILED, ["rf", 400, "8 days", 1])

    assert "refund failed" not in shown(console, "/")
    assert "rf1" in shown(console, "/refunds/failed")


def test_no_failed_refund_says_so(console: Served) -> None:
    assert "No refund has failed." in shown(console, "/refunds/failed")


def test_failed_refunds_go_by_pages_without_gap_or_repeat(console: Served, scene: Scene) -> None:
    paid(scene)
    scene.execute(FAILED, ["rf", 1, "1 h", ROWS_MAX + 3])

    first = shown(console, "/refunds/failed")
    [older] = re.findall(r'rel="next" href="([^"]+)"', first)
    second = shown(console, f"/refunds/failed{older}")

    found = re.findall(r"<code>(rf[0-9]+)</code>", first + second)
    assert len(found) == len(set(found)) == ROWS_MAX + 3
    assert 'rel="next"' not in second
