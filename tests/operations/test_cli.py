"""The command line: shapes that scripts read, exit codes, and text that cannot harm a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.workers.scene import capture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]

ASKED = (
    *("--provider", "paystack", "--reference", "ORD-1", "--amount-minor", "125000"),
    *("--currency", "NGN", "--customer-id", "ada"),
)


def test_a_payment_is_created_pending_and_shown_with_every_field_of_the_contract(
    payratchet: Run,
) -> None:
    created = payratchet("payments", "create", *ASKED, "--json")
    shown = payratchet("payments", "show", "ORD-1", "--json")

    assert (created.code, shown.code) == (0, 0)
    payment = json.loads(created.out)
    assert payment == json.loads(shown.out)
    assert (
        payment.items()
        >= {
            "reference": "ORD-1",
            "provider": "paystack",
            "provider_reference": None,
            "state": "pending",
            "amount_minor": 125_000,
            "currency": "NGN",
            "customer_id": "ada",
            "authorization_url": None,
            "captured_minor": 0,
            "refunded_minor": 0,
            "version": 0,
            "metadata": {},
        }.items()
    )
    assert payment["created_at"].endswith("Z")


def test_an_equal_payment_again_is_the_first_one_and_another_of_its_reference_is_refused(
    payratchet: Run,
) -> None:
    first = payratchet("payments", "create", *ASKED, "--json")
    again = payratchet("payments", "create", *ASKED, "--json")
    other = payratchet("payments", "create", *ASKED, "--amount-minor", "1", "--json")

    assert (first.code, again.code, other.code) == (0, 0, 1)
    assert first.out == again.out
    assert other.err.startswith("reference_in_use: ")


def test_what_cannot_be_a_payment_is_refused_by_name(payratchet: Run) -> None:
    for change, named in (
        (("--amount-minor", "0"), "amount_minor"),
        (("--amount-minor", "-5"), "amount"),
        (("--currency", "ngn"), "currency"),
        (("--reference", "a b"), "reference"),
        (("--customer-id", ""), "customer_id"),
    ):
        said = payratchet("payments", "create", *ASKED, *change, "--json")
        assert said.code == 1, change
        assert said.err.startswith("validation_failed: ")
        assert named in said.err


def test_a_file_announces_all_of_its_payments_or_none(payratchet: Run, tmp_path: Path) -> None:
    lines = [
        {
            "provider": "stripe",
            "reference": f"F-{number}",
            "amount_minor": 100,
            "currency": "USD",
            "customer_id": "ada",
        }
        for number in range(3)
    ]
    file = tmp_path / "payments.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    unasked = payratchet("payments", "create", "--file", str(file), "--json")
    first = payratchet("payments", "create", "--file", str(file), "--yes", "--json")
    file.write_text("\n".join(map(json.dumps, [*lines, {**lines[0], "amount_minor": 7}])))
    clash = payratchet("payments", "create", "--file", str(file), "--yes", "--json")
    listed = payratchet("payments", "list", "--limit", "2", "--json")

    assert unasked.code == 1
    assert (first.code, json.loads(first.out)) == (0, {"created": 3, "known": 0})
    assert clash.code == 1
    page = json.loads(listed.out)
    assert [item["reference"] for item in page["items"]] == ["F-2", "F-1"]
    rest = payratchet("payments", "list", "--cursor", str(page["next_cursor"]), "--json")
    assert [item["reference"] for item in json.loads(rest.out)["items"]] == ["F-0"]


def test_a_dead_letter_is_listed_shown_replayed_and_discarded(
    payratchet: Run, scene: Scene
) -> None:
    """Letter ids and event ids differ here, as they do everywhere but in an empty database."""
    scene.announce("p1", "p2", "p3")
    scene.hear(capture("p1"), capture("p2"))
    scene.hear(capture("p3", 999), capture("p9"))
    listed = json.loads(payratchet("dead-letters", "list", "--json").out)
    by_reason = {item["reason"]: item for item in listed["items"]}
    fields = {"id", "event_id", "provider", "type", "reason", "fingerprint", "reference"}
    assert fields | {"attempts", "status", "dead_at"} <= by_reason["mismatch"].keys()
    assert listed["next_cursor"] is None
    mismatch, unknown = (str(by_reason[r]["id"]) for r in ("mismatch", "unknown_reference"))
    assert int(mismatch) != by_reason["mismatch"]["event_id"]

    shown = json.loads(payratchet("dead-letters", "show", mismatch, "--json").out)
    replayed = payratchet("dead-letters", "replay", mismatch, "--reason", "try", "--json")
    discarded = payratchet("dead-letters", "discard", unknown, "--reason", "spam", "--json")
    again = payratchet("dead-letters", "discard", unknown, "--json")

    assert [attempt["outcome"] for attempt in shown["tries"]] == ["dead"]
    assert "body" not in shown["event"]
    assert replayed.code == 1
    assert (
        json.loads(replayed.out).items()
        >= {
            "dry_run": False,
            "matched": 1,
            "replayed": 1,
            "succeeded": 0,
            "failed": 1,
            "aborted": False,
            "ledger_diff": {},
        }.items()
    )
    assert (discarded.code, again.code) == (0, 1)
    left = json.loads(payratchet("dead-letters", "list", "--json").out)["items"]
    assert [str(item["id"]) for item in left] == [mismatch]
    history = json.loads(payratchet("dead-letters", "show", unknown, "--json").out)["history"]
    assert [(each["action"], each["reason"]) for each in history][-1] == ("discarded", "spam")
    assert history[-1]["actor"].startswith("operator:")


def test_a_replay_that_succeeds_says_what_customers_gained(payratchet: Run, scene: Scene) -> None:
    scene.announce("p1")
    scene.break_for("p1", "RAISE EXCEPTION 'broken'")
    scene.hear(capture("p1"))
    scene.drain()
    scene.mend()
    [letter] = json.loads(payratchet("dead-letters", "list", "--json").out)["items"]
    assert (letter["reason"], letter["attempts"]) == ("exhausted", 5)
    assert (letter["reference"], letter["type"]) == ("p1", "payment.succeeded")
    assert (letter["amount_minor"], letter["currency"]) == (1_000, "NGN")

    replayed = payratchet("dead-letters", "replay", str(letter["id"]), "--json")

    assert replayed.code == 0
    report = json.loads(replayed.out)
    assert (report["succeeded"], report["ledger_diff"]) == (1, {"NGN": 1_000})


def test_acting_on_several_is_asked_for_and_refused_without_an_answer(
    payratchet: Run, process: Run, scene: Scene
) -> None:
    scene.hear(capture("p1"), capture("p2"))
    ids = [
        str(i["id"]) for i in json.loads(payratchet("dead-letters", "list", "--json").out)["items"]
    ]

    unasked = process("dead-letters", "discard", *ids)
    asked = process("dead-letters", "discard", *ids, "--yes")

    assert (unasked.code, asked.code) == (1, 0)


def test_the_record_is_verified_and_what_was_tampered_with_is_named(
    payratchet: Run, scene: Scene
) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))
    good = payratchet("audit", "verify", "--json")
    scene.execute("ALTER TABLE customer_balances DISABLE TRIGGER ALL")
    scene.execute("UPDATE customer_balances SET balance_minor = balance_minor + 1")

    bad = payratchet("audit", "verify", "--json")

    assert (good.code, json.loads(good.out)["ok"], json.loads(good.out)["problems"]) == (
        0,
        True,
        [],
    )
    assert json.loads(good.out)["checked"] > 0
    assert (bad.code, json.loads(bad.out)["ok"]) == (1, False)
    assert "balance" in json.loads(bad.out)["problems"][0]


def test_exit_codes_tell_refused_from_usage_from_a_store_that_is_away(process: Run) -> None:
    unknown = process("payments", "show", "NOBODY")
    usage = process("payments", "show")
    away = process("payments", "list", DATABASE_URL="postgresql://nobody:hunter2@127.0.0.1:1/none")

    assert (unknown.code, usage.code, away.code) == (1, 2, 3)
    assert unknown.err.startswith("payment_unknown: ")
    assert away.err.startswith("store_unavailable: ")
    assert "hunter2" not in away.err


def test_hostile_text_is_shown_as_text(payratchet: Run, scene: Scene) -> None:
    hostile = "\x1b]52;c;ZXZpbA==\x07\x1b[2J[red]bold[/red]"
    scene.announce("p1")
    scene.hear(json.dumps({"type": f"payment.{hostile}", "data": {"id": "T1"}}).encode())
    scene.hear(capture("p1", currency=f"NG{hostile}"))

    listed = payratchet("dead-letters", "list")
    shown = payratchet("dead-letters", "show", "1")

    assert (listed.code, shown.code) == (0, 0)
    for said in (listed, shown):
        assert "\x1b" not in said.out
        assert "\x07" not in said.out


def test_tables_fit_a_terminal(payratchet: Run, scene: Scene) -> None:
    scene.announce("a-reference-of-quite-some-length-0000000001")
    scene.hear(capture("a-reference-of-quite-some-length-0000000001", 1))

    for words in (("payments", "list"), ("dead-letters", "list")):
        said = payratchet(*words)
        assert said.code == 0
        assert max(map(len, said.out.splitlines())) <= 80
