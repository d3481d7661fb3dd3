"""What is done to dead letters in a browser: by forms, and nothing twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from domain.operators import Role
from tests.console.reading_pages import Page
from tests.console.serving import serve
from tests.operations.limits import set_limit
from tests.replaying.pile import drive, pile
from tests.workers.scene import capture

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.console.serving import Served, Visitor
    from tests.workers.scene import Scene

SECRETIVE = "grace@example.com"


@pytest.fixture
def ada(console: Served) -> Visitor:
    return console.signed_in("ada")


@pytest.fixture
def letter_id(scene: Scene) -> int:
    """Return the letter of a capture whose payment nobody has announced yet."""
    [event_id] = scene.hear(capture("p1", customer={"email": SECRETIVE}))
    return scene.letter_id(event_id)


def _page(answer: httpx.Response) -> Page:
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def _follow(visitor: Visitor, answer: httpx.Response) -> Page:
    assert answer.status_code == 303, answer.text
    return _page(visitor.get(answer.headers["location"]))


def test_a_letter_shows_all_that_is_known_and_masks_the_body(
    console: Served, letter_id: int
) -> None:
    answer = console.signed_in("val", Role.VIEWER).get(f"/dead-letters/{letter_id}")

    page = _page(answer)
    assert "unknown_reference" in page.text
    assert '"reference": "p1"' in page.text
    assert SECRETIVE not in answer.text
    assert "10.00 NGN" in page.text
    assert [form.action for form in page.forms if form.method == "post"] == ["/sign-out"]


def test_letters_are_discarded_reopened_noted_and_assigned_by_name(
    ada: Visitor, scene: Scene, letter_id: int
) -> None:
    at = f"/dead-letters/{letter_id}"

    ada.send(f"{at}/note", text="asked the provider")
    ada.send(f"{at}/assign", owner="ada", reason="mine")
    ada.send(f"{at}/discard", reason="a test of theirs")
    page = _follow(ada, ada.send(f"{at}/reopen", reason="no test after all"))

    assert "Reopened." in page.text
    assert scene.rows("SELECT status, owner FROM dead_letters") == [("open", "ada")]
    said = scene.rows("SELECT action, actor, reason FROM dead_letter_actions ORDER BY id OFFSET 1")
    assert said == [
        ("noted", "operator:ada", "asked the provider"),
        ("assigned", "operator:ada", "to ada: mine"),
        ("discarded", "operator:ada", "a test of theirs"),
        ("reopened", "operator:ada", "no test after all"),
    ]


def test_without_a_reason_nothing_is_done(ada: Visitor, scene: Scene, letter_id: int) -> None:
    answer = ada.send(f"/dead-letters/{letter_id}/discard", reason="   ")

    assert answer.status_code == 422
    assert "must be filled in" in answer.text
    assert scene.value("SELECT status FROM dead_letters") == "open"


def test_what_is_not_open_is_not_discarded(ada: Visitor, letter_id: int) -> None:
    ada.send(f"/dead-letters/{letter_id}/discard", reason="once")

    again = ada.send(f"/dead-letters/{letter_id}/discard", reason="twice")

    assert again.status_code == 409
    assert "not open" in again.text


def test_a_body_is_shown_whole_only_once_that_is_written_down(
    ada: Visitor, scene: Scene, letter_id: int
) -> None:
    answer = ada.send(f"/dead-letters/{letter_id}/reveal", reason="the customer asks")

    assert SECRETIVE in answer.text
    assert answer.headers["cache-control"] == "no-store"
    [said] = scene.rows("SELECT actor, reason FROM dead_letter_actions WHERE action = 'revealed'")
    assert said == ("operator:ada", "the customer asks")


def test_a_dry_run_shows_what_would_change_and_changes_nothing(ada: Visitor, scene: Scene) -> None:
    pile(scene, 1)
    form = _page(ada.get("/dead-letters/1")).form("/dead-letters/rehearse")

    page = _page(ada.send(form.action, form.fields))

    assert "Nothing was changed." in page.text
    assert "completed" in page.text
    assert "customer_credit:ada" in page.text
    assert (scene.state("p1"), scene.credit()) == ("pending", 0)


def test_one_letter_is_replayed_and_the_page_says_how_far_it_is(ada: Visitor, scene: Scene) -> None:
    pile(scene, 1)
    form = _page(ada.get("/dead-letters/1")).form("/dead-letters/replay")

    made = ada.send(form.action, form.fields, reason="announced now")
    page = _follow(ada, made)
    progress = next(tag for tag in page.tags if tag.attributes.get("id") == "progress")
    replay_id = int(made.headers["location"].partition("?")[0].rsplit("/", 1)[1])
    drive(scene, replay_id)
    ended = _page(ada.get(f"/replays/{replay_id}/progress"))

    assert progress.attributes["hx-get"] == f"/replays/{replay_id}/progress"
    assert "1 of 1" in ended.text
    assert all("hx-get" not in tag.attributes for tag in ended.tags)
    assert (scene.state("p1"), scene.credit()) == ("completed", 1_000)


def test_the_same_form_sent_twice_is_one_replay(ada: Visitor, scene: Scene, letter_id: int) -> None:
    form = _page(ada.get(f"/dead-letters/{letter_id}")).form("/dead-letters/replay")
    fields = {**form.fields, "reason": "twice"}

    one, other = (ada.send(form.action, fields).headers["location"] for _ in range(2))

    assert one.partition("?")[0] == other.partition("?")[0]
    assert other.endswith("said=replayed-before")
    assert scene.value("SELECT count(*) FROM replay_jobs") == 1


def test_a_group_is_chosen_rehearsed_and_replayed(ada: Visitor, scene: Scene) -> None:
    pile(scene, 12)
    pile(scene, 2, first=20, fingerprint="f2")

    chosen = _page(ada.get("/dead-letters/replay?fingerprint=f1"))
    assert "12 open dead letters match" in " ".join(chosen.text.split())
    rehearse = chosen.form("/dead-letters/rehearse")
    rehearsed = _page(ada.send(rehearse.action, rehearse.fields))
    replay = rehearsed.form("/dead-letters/replay")
    made = ada.send(replay.action, replay.fields, reason="mended")

    [(replay_id, matched, canary, actor)] = scene.rows(
        "SELECT id, matched, canary, actor FROM replay_jobs"
    )
    assert (matched, canary, actor) == (12, 1, "operator:ada")
    assert made.headers["location"].startswith(f"/replays/{replay_id}?")
    assert drive(scene, replay_id).succeeded == 12
    assert scene.credit() == 12_000


def test_nobody_replays_everything_without_saying_so(ada: Visitor, scene: Scene) -> None:
    pile(scene, 2)

    answer = ada.send("/dead-letters/replay", reason="oops", operation_key="k")

    assert answer.status_code == 422
    assert scene.value("SELECT count(*) FROM replay_jobs") == 0
    assert "2 open dead letters" in " ".join(
        _page(ada.get("/dead-letters/replay?all=1")).text.split()
    )


@pytest.mark.parametrize(
    "query", ["older_than=soon", "amount_over=-1", "fingerprint=" + "x" * 400, "ids=1,two"]
)
def test_a_filter_that_means_nothing_is_refused(ada: Visitor, query: str) -> None:
    assert ada.get(f"/dead-letters/replay?{query}").status_code == 422


def test_a_replay_is_paused_resumed_and_cancelled(ada: Visitor, scene: Scene) -> None:
    pile(scene, 3)
    ada.send("/dead-letters/replay", all="1", reason="all", operation_key="k")
    [[replay_id]] = scene.rows("SELECT id FROM replay_jobs")
    at = f"/replays/{replay_id}"

    for turn in ("pause", "resume", "cancel"):
        page = _follow(ada, ada.send(f"{at}/{turn}", reason=f"I {turn}"))
    again = ada.send(f"{at}/resume", reason="too late")

    assert "cancelled" in page.text
    assert again.status_code == 409
    said = scene.rows("SELECT action, actor FROM replay_actions ORDER BY id")
    assert [each for each, actor in said if actor == "operator:ada"] == [
        *("made", "paused", "resumed", "cancelled")
    ]
    assert scene.value("SELECT count(*) FROM dead_letters WHERE status = 'open'") == 3


def test_an_edit_is_previewed_and_then_applied_as_an_event_of_its_own(
    ada: Visitor, scene: Scene
) -> None:
    scene.announce("p1")
    [event_id] = scene.hear(capture("p1", 1_000, customer={"email": SECRETIVE}, currency="XXX"))
    letter_id = scene.letter_id(event_id)
    at = f"/dead-letters/{letter_id}"

    preview = ada.send(f"{at}/edit/preview", changes='data.currency="NGN"')
    page = _page(preview)
    form = page.form(f"{at}/edit")
    edited = _follow(ada, ada.send(form.action, form.fields, reason="their typo"))

    assert SECRETIVE not in preview.text
    assert "/data/currency" in page.text
    assert "The edited event was applied." in edited.text
    assert (scene.state("p1"), scene.credit()) == ("completed", 1_000)
    [(actor, diff)] = scene.rows("SELECT actor, diff FROM event_edits")
    assert actor == "operator:ada"
    assert [each["pointer"] for each in diff] == ["/data/currency"]


def test_a_whole_body_may_be_edited_by_who_has_seen_it(ada: Visitor, scene: Scene) -> None:
    scene.announce("p1")
    [event_id] = scene.hear(capture("p1", 1_000, currency="XXX"))
    at = f"/dead-letters/{scene.letter_id(event_id)}"

    form = _page(ada.send(f"{at}/reveal", reason="to mend it")).form(f"{at}/edit/preview")
    body = form.fields["body"].replace("XXX", "NGN")
    assert json.loads(body)["data"]["currency"] == "NGN"
    preview = _page(ada.send(form.action, form.fields, body=body)).form(f"{at}/edit")
    ada.send(preview.action, preview.fields, reason="their typo")

    assert (scene.state("p1"), scene.credit()) == ("completed", 1_000)


@pytest.fixture
def strict(database_url: str) -> Iterator[Served]:
    """Serve a console where two must agree to whatever moves money."""
    set_limit(database_url, "0")
    with serve(database_url) as served:
        yield served


def test_above_the_limit_a_second_person_lets_a_replay_run(strict: Served, scene: Scene) -> None:
    pile(scene, 2)
    ada, eve = strict.signed_in("ada", Role.APPROVER), strict.signed_in("eve", Role.APPROVER)
    made = ada.send("/dead-letters/replay", all="1", reason="mended", operation_key="k")
    [(approval_id, replay_id)] = scene.rows("SELECT approval_id, id FROM replay_jobs")

    waiting = _follow(ada, made)
    own = _page(ada.get(f"/approvals/{approval_id}"))
    by_herself = ada.send(f"/approvals/{approval_id}/approve", reason="I agree with me")
    form = _page(eve.get(f"/approvals/{approval_id}")).form(f"/approvals/{approval_id}/approve")
    done = _follow(eve, eve.send(form.action, form.fields, reason="looked at it"))

    assert "waiting approval" in waiting.text
    assert "You asked for it yourself" in own.text
    assert by_herself.status_code == 409
    assert "Approved, and done." in done.text
    assert drive(scene, replay_id).succeeded == 2


def test_a_second_person_may_refuse(strict: Served, scene: Scene) -> None:
    pile(scene, 1)
    strict.signed_in("ada").send("/dead-letters/replay", all="1", reason="x", operation_key="k")
    eve = strict.signed_in("eve", Role.APPROVER)

    assert "replay" in _page(eve.get("/approvals")).text
    done = eve.send("/approvals/1/reject", reason="not today")

    assert "Rejected" in _follow(eve, done).text
    assert scene.rows("SELECT status FROM replay_jobs") == [("rejected",)]
