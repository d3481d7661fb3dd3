"""What people look for is found by any of its names, page by page, and nothing else is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.console.reading_pages import Page
from tests.replaying.pile import pile
from tests.workers.scene import capture
from workers.console import places
from workers.console.queries import ROWS_MAX
from workers.store import console_views, letters_shown
from workers.store.console_views import SCANNED_MAX
from workers.store.letter_filters import Wanted

if TYPE_CHECKING:
    from tests.console.serving import Served, Visitor
    from tests.workers.scene import Scene
    from workers.store.console_views import Listed

REFERENCES = re.compile(r'/payments/([a-z0-9]+)"')
LETTERS = re.compile(r'<th scope="row"><a href="/dead-letters/([0-9]+)"')
REFUSE = """
    INSERT INTO refused_requests (source, account, address, code, diagnosis, request_id, body_bytes)
    SELECT %s, 'default', '203.0.113.7', %s, 'a retired key', 'r', 1 FROM generate_series(1, %s)
"""


@pytest.fixture
def ada(console: Served) -> Visitor:
    return console.signed_in("ada")


def shown(visitor: Visitor, address: str) -> str:
    answer = visitor.get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("words", ["p2", "cleo", "T2", " T2 "])
def test_a_payment_is_found_by_reference_customer_and_providers_reference(
    ada: Visitor, scene: Scene, words: str
) -> None:
    scene.announce("p1", "p3")
    scene.announce("p2", customer_id="cleo")
    scene.hear(capture("p1"), capture("p2"))

    assert REFERENCES.findall(shown(ada, f"/payments?q={words}")) == ["p2"]


def test_what_nobody_announced_is_not_found_and_the_page_says_where_to_look(ada: Visitor) -> None:
    text = shown(ada, "/payments?q=nothing")

    assert "No payment is just so called" in text
    assert 'href="/payments/nothing"' in text
    assert ada.get("/payments/nothing").status_code == 404


def test_a_reference_that_only_a_provider_knows_is_explained(ada: Visitor, scene: Scene) -> None:
    scene.hear(capture("stray", 125_000))
    text = shown(ada, "/payments/stray")

    assert "Nobody has announced a payment stray" in text
    assert "1,250.00 NGN" in text


def test_a_payment_says_why_it_stands_so_and_leads_to_where_it_is_mended(
    ada: Visitor, scene: Scene
) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    page = Page(shown(ada, "/payments/p1"))

    assert "12.50 NGN arrived where 10.00 NGN was asked" in page.text
    assert "payratchet payments correct p1 --to completed" in page.text
    links = {tag.attributes.get("href") for tag in page.tags if tag.name == "a"}
    letter_id = scene.value("SELECT id FROM dead_letters")
    event_id = scene.value("SELECT id FROM inbound_events")
    assert {"/payments/p1/correct?to=completed", f"/dead-letters/{letter_id}"} <= links
    assert f"/events/{event_id}" in links


def test_pages_of_letters_follow_each_other_without_gap_or_repeat_and_keep_their_filter(
    ada: Visitor, scene: Scene
) -> None:
    pile(scene, ROWS_MAX + 20)
    pile(scene, 7, first=1_000, fingerprint="f2", reason="mismatch")
    first = shown(ada, "/dead-letters?reason=exhausted")
    [older] = re.findall(r'rel="next" href="([^"]+)"', first)
    second = shown(ada, "/dead-letters" + older.replace("&amp;", "&"))

    ids = [int(each) for each in LETTERS.findall(first) + LETTERS.findall(second)]
    assert len(ids) == ROWS_MAX + 20
    assert ids == sorted(set(ids), reverse=True)
    assert 'rel="next"' not in second


def test_open_causes_are_counted_from_an_index_alone(scene: Scene) -> None:
    pile(scene, 500)
    scene.execute("VACUUM ANALYZE dead_letters")
    with scene.database.transaction() as tx:
        tx.execute("SET LOCAL enable_bitmapscan = off")  # which a small table is read by
        tx.execute("LOAD 'auto_explain'")
        tx.execute("SET LOCAL auto_explain.log_min_duration = 0")
        tx.execute("SET LOCAL client_min_messages = 'log'")
        said: list[str] = []
        tx.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
        letters_shown.groups(tx, Wanted())

    assert "Index Only Scan using dead_letters_by_cause_idx" in "\n".join(said)


def test_causes_are_shown_the_largest_first_with_their_money(ada: Visitor, scene: Scene) -> None:
    pile(scene, 2, fingerprint="f2", reason="mismatch")
    pile(scene, 5, first=100)
    text = shown(ada, "/dead-letters/groups")

    assert text.index("50.00 NGN") < text.index("20.00 NGN")
    assert "/dead-letters/replay?fingerprint=f1" in text


@pytest.mark.parametrize(
    "address",
    [
        "/dead-letters?reason=nonsense",
        "/dead-letters?status=1",
        "/dead-letters?cursor=-1",
        "/payments?cursor=99999999999999999999999",
        "/payments?state=nowhere",
        "/payments?q=" + "x" * 300,
        "/payments?q=a%00b",
        "/events/latest",
        "/reconciliation/0x1",
        "/audit?of=passwords",
    ],
)
def test_what_has_no_meaning_is_refused_with_a_page_and_never_a_failure(
    ada: Visitor, address: str
) -> None:
    answer = ada.get(address)

    assert answer.status_code == 422
    assert "validation_failed" in answer.text


def test_a_rare_filter_looks_at_so_many_rows_and_its_cursor_goes_on(scene: Scene) -> None:
    scene.execute(REFUSE, ["stripe", "signature_expired", 1])
    scene.execute(REFUSE, ["paystack", "signature_invalid", 2 * SCANNED_MAX + 9])

    def page(before: int | None) -> Listed:
        with scene.database.transaction() as tx:
            return console_views.refused(tx, source="stripe", code=None, before=before, limit=50)

    found, cursor, pages = [], None, 0
    while True:
        items, cursor = page(cursor)
        found += items
        pages += 1
        if cursor is None:
            break

    assert [each["source"] for each in found] == ["stripe"]
    assert pages == 3


def test_who_was_refused_is_grouped_by_why(ada: Visitor, scene: Scene) -> None:
    scene.execute(REFUSE, ["paystack", "signature_invalid", 1_200])
    text = shown(ada, "/refused")

    assert "1,200" in text
    assert "a retired key" in text
    assert "1,200" not in shown(ada, "/refused?code=signature_missing")


def test_the_audit_finds_what_somebody_did_and_what_was_done_to_something(
    ada: Visitor, scene: Scene
) -> None:
    note = """INSERT INTO operator_actions (actor, action, subject, reason)
              VALUES (%s, 'event_revealed', %s, %s)"""
    scene.execute(note, ["operator:cleo", "event:7", "because of the complaint"])
    scene.execute(note, ["operator:dan", "event:8", "by mistake"])

    by_cleo = shown(ada, "/audit?actor=operator:cleo")
    assert "because of the complaint" in by_cleo
    assert "by mistake" not in by_cleo
    about = shown(ada, "/audit?subject=event:8")
    assert "by mistake" in about
    assert 'href="/events/8"' in about


def test_the_audit_of_letters_and_that_of_operators_are_apart(ada: Visitor, scene: Scene) -> None:
    scene.hear(capture("stray"))

    assert "died" in shown(ada, "/audit?of=dead-letters")
    assert "died" not in shown(ada, "/audit?of=operators")


def test_an_event_shows_what_became_of_it_and_nothing_that_is_masked(
    ada: Visitor, scene: Scene
) -> None:
    [event_id] = scene.hear(capture("stray", note="Ada Lovelace, 12 Analytical Street"))
    text = shown(ada, f"/events/{event_id}")

    assert "status-dead" in text
    assert "Analytical" not in text
    assert "stray" in text
    assert ada.get(f"/events/{event_id + 1}").status_code == 404


@pytest.mark.parametrize(
    ("command", "place"),
    [
        ("payratchet dead-letters show 7", "/dead-letters/7"),
        ("payratchet dead-letters replay 7 --reason WHY", "/dead-letters/7"),
        ("payratchet approvals approve 3 --reason WHY", "/approvals/3"),
        (
            "payratchet payments correct a=b --to failed --reason WHY",
            "/payments/a%3Db/correct?to=failed",
        ),
        ("payratchet payments verify p1 --reason WHY", "/payments/p1#acts"),
        ("payratchet payments write-off p1 --reason WHY", "/payments/p1/write-off"),
        ("payratchet doctor", None),
        ("curl payratchet dead-letters show 7", None),
        (None, None),
    ],
)
def test_what_is_advised_as_a_command_has_its_place_on_the_console(
    command: str | None, place: str | None
) -> None:
    assert places.of_command(command) == place
