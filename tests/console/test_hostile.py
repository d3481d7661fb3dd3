"""Hostile text: whatever a provider, a client or a colleague wrote is text on every page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
import pytest

from domain.operators import Role
from tests.console.reading_pages import Page
from tests.console.serving import serve
from tests.operations.limits import set_limit
from tests.replaying.pile import frozen, pile
from tests.workers.scene import capture, refund
from workers.console import routes
from workers.console.security_headers import HEADERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.console.serving import Served
    from tests.workers.scene import Scene

MARKER = "hostile"
HOSTILE = (
    f"{MARKER}\"'></textarea></script><script>alert(1)</script><img src=x onerror=alert(1)>"
    "<a href=javascript:alert(1)>{{7*7}}${7*7}`\u2028"
)
OURS = frozenset({"operator_sessions", "operators", "alembic_version", "ledger_entries"})
"""Tables that say who is signed in, or whose words are names that we gave."""

WORDS = re.compile(
    r"provider|source|currency|mode|kind|status|(from_|to_)?state|event|lane|outcome|action|role"
    r"|amounts_minor|ledger_diff"
)
"""Columns whose words we choose, or that hold sums by currency, whoever writes."""

COLUMNS_MIN = 40
"""Columns that hold hostile text in this test; fewer, and it shows nothing."""

_COLUMNS = """
    SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
      AND c.data_type IN ('text', 'jsonb', 'bytea') AND c.is_generated = 'NEVER'
    ORDER BY 1, 2
"""


@pytest.fixture
def console(database_url: str) -> Iterator[Served]:
    set_limit(database_url, "0")
    with serve(database_url) as served:
        yield served


@pytest.fixture
def told(console: Served, scene: Scene) -> int:
    """Fill the record with something of everything, make all of its words hostile; count those."""
    pile(scene, 3)
    scene.hear(capture("p1", 999), refund("p2", 5), capture("q9", 500))
    frozen(scene)
    eve = console.signed_in("eve", Role.APPROVER)
    eve.send("/dead-letters/replay", all="1", reason="r", operation_key="k")
    eve.send("/dead-letters/1/note", text="note")
    scene.execute(
        "INSERT INTO operator_actions (actor, action, subject, reason) VALUES ('a', 'b', 'c', 'd')"
    )
    return _make_hostile(scene)


def _make_hostile(scene: Scene) -> int:
    count = 0
    with psycopg.connect(scene.url, autocommit=True) as owner:
        # No trigger keeps history from being rewritten, and no reference binds it, as in a dump.
        owner.execute("SET session_replication_role = replica")
        for table, column, kind in owner.execute(_COLUMNS).fetchall():
            if table in OURS or WORDS.fullmatch(column) or column == "body":
                continue
            value = {
                "text": "left(%s || ctid::text, 3000)",
                "jsonb": "jsonb_build_object(%s::text, %s::text)",
            }.get(kind)
            if value is None:
                continue
            given = [HOSTILE] * value.count("%s")
            try:
                done = owner.execute(f"UPDATE {table} SET {column} = {value}", given)
            except psycopg.Error:
                continue  # a constraint keeps it out, which is as good
            count += done.rowcount > 0
    return count


def _paths(scene: Scene) -> list[str]:
    """Return where each page of the table shows something of the record."""
    values = {
        "letter_id": scene.rows("SELECT id FROM dead_letters"),
        "event_id": scene.rows("SELECT id FROM inbound_events"),
        "replay_id": scene.rows("SELECT id FROM replay_jobs"),
        "approval_id": scene.rows("SELECT id FROM approvals"),
        "reference": scene.rows("SELECT reference FROM payment_logs"),
        "run_id": scene.rows("SELECT id FROM reconciliation_runs"),
    }
    found = []
    for page in routes.PAGES:
        names = re.findall(r"\{(\w+)(?::\w+)?\}", page.path)
        if not names:
            found += [page.path, f"{page.path}?q={quote(HOSTILE)}&status={quote(HOSTILE)}"]
            continue
        [name] = names
        for [value] in values.get(name, [])[:4]:
            found.append(re.sub(r"\{[^}]+\}", quote(str(value), safe=""), page.path))
    return found


def _assert_harmless(answer: httpx.Response, path: str) -> None:
    page = Page(answer.text)
    assert answer.headers["content-security-policy"] == HEADERS["content-security-policy"]
    for tag in page.tags:
        assert tag.name not in {"img", "iframe", "object", "embed", "base", "style"}, path
        if tag.name == "script":
            assert tag.attributes["src"].startswith("/assets/"), path
        for name, value in tag.attributes.items():
            assert not name.startswith("on"), (path, name)
            assert name != "style", path
            if name in {"href", "src", "action", "formaction", "hx-get", "hx-post"}:
                assert value.startswith(("/", "#", "?")), (path, value)
                assert not value.startswith("//"), (path, value)
    # What a template language would have made of it.
    assert "hostile49" not in answer.text
    assert "\n49\n" not in answer.text


def test_every_page_shows_hostile_text_as_text(console: Served, scene: Scene, told: int) -> None:
    eve = console.signed_in("eve", Role.APPROVER)
    seen = 0
    for path in _paths(scene):
        answer = eve.get(path)
        assert answer.status_code < 500, (path, answer.text)
        _assert_harmless(answer, path)
        seen += MARKER in answer.text

    assert told >= COLUMNS_MIN
    assert seen >= 10


def test_a_refusal_shows_hostile_text_as_text(console: Served) -> None:
    ada = console.signed_in("ada")

    for path in (
        f"/payments/{quote(HOSTILE, safe='')}/correct",
        f"/dead-letters/replay?older_than={quote(HOSTILE)}",
        f"/sign-in?said={quote(HOSTILE)}&next={quote(HOSTILE)}",
        f"/replays?said={quote(HOSTILE)}&cursor={quote(HOSTILE)}",
        f"/{quote(HOSTILE)}",
    ):
        answer = ada.get(path)
        assert answer.status_code < 500, path
        _assert_harmless(answer, path)


def test_what_is_revealed_and_edited_is_text(console: Served, scene: Scene) -> None:
    [event_id] = scene.hear(capture("p1", customer={"name": HOSTILE}, currency=HOSTILE))
    at = f"/dead-letters/{scene.letter_id(event_id)}"
    ada = console.signed_in("ada")

    revealed = ada.send(f"{at}/reveal", reason=HOSTILE[:400])
    changes = f"data.currency=NGN\ndata.customer.name={HOSTILE}1"
    previewed = ada.send(f"{at}/edit/preview", changes=changes)
    shown = ada.get(at)

    for answer in (revealed, previewed, shown):
        assert answer.status_code == 200, answer.text
        _assert_harmless(answer, at)
    assert MARKER in Page(revealed.text).form(f"{at}/edit/preview").fields["body"]
    assert Page(previewed.text).form(f"{at}/edit").fields["changes"].endswith("1")


def test_numbers_that_no_row_can_have_are_not_found(console: Served) -> None:
    ada = console.signed_in("ada")

    for path in ("/dead-letters/{}", "/replays/{}", "/approvals/{}", "/events/{}"):
        assert ada.get(path.format(10**30)).status_code in {404, 422}, path
        assert ada.get(path.format(2**63)).status_code in {404, 422}, path
    assert ada.get("/replays?cursor=" + "9" * 30).status_code == 200


def test_bytes_that_are_no_text_are_refused_and_break_nothing(console: Served) -> None:
    ada = console.signed_in("ada")

    for path in ("/payments/%00", "/payments?q=%00", "/payments?q=%ff%fe", "/events?reference=%00"):
        assert ada.get(path).status_code < 500, path
