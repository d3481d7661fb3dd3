"""Who may act is known before anything is changed, and by nothing but a live token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
import psycopg
import pytest

from domain.operators import Role
from tests.operations import people
from workers.operations import passwords
from workers.operations.cli import cli
from workers.store import operators
from workers.store.operators import Keys, Operator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]

PAYMENT = (
    *("payments", "create", "--provider", "paystack", "--reference", "N-1"),
    *("--amount-minor", "5", "--currency", "NGN", "--customer-id", "ada"),
)
PEPPER = "pepper of this test, long enough for one"
WRITING = [
    ("approvals", "approve", "1"),
    ("approvals", "reject", "1"),
    ("clients", "create", "till", "--scope", "payments:read"),
    ("clients", "limits", "shop", "--verify", "9/hour"),
    ("clients", "revoke", "shop"),
    ("clients", "rotate", "shop"),
    ("dead-letters", "assign", "1", "--owner", "ada"),
    ("dead-letters", "discard", "1"),
    ("dead-letters", "edit", "1", "--set", "a=1"),
    ("dead-letters", "export", "--raw", "--why", "asked by the bank"),
    ("dead-letters", "note", "1", "--text", "looked at it"),
    ("dead-letters", "reopen", "1"),
    ("dead-letters", "replay", "1"),
    ("dead-letters", "reveal", "1", "--reason", "why"),
    ("events", "replay", "1"),
    ("events", "reveal", "1", "--reason", "why"),
    ("payments", "correct", "p1", "--to", "completed", "--yes"),
    ("payments", "refund-failed", "R-1", "--reason", "told by telephone", "--yes"),
    ("payments", "verify", "p1"),
    ("payments", "write-off", "p1", "--yes"),
    ("reconcile", "run", "--provider", "paystack", "--since", "2026-01-01", "--no-wait"),
    ("replays", "cancel", "1"),
    ("replays", "pause", "1"),
    ("replays", "resume", "1"),
    PAYMENT,
]
ADMINISTERING = {("operators", "create"), ("operators", "renew"), ("operators", "revoke")}
JUSTIFIED = {"reason", "text", "why"}
"""What parameters are called that say why: who must say why changes something, or sees secrets."""
READING = [
    *(("payments", "list"), ("dead-letters", "list"), ("clients", "list"), ("operators", "list")),
    *(("approvals", "list"), ("reconcile", "status"), ("audit", "verify")),
]
TOKEN = "PAYRATCHET_OPERATOR_TOKEN"


@pytest.fixture
def nobody(payratchet: Run, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run commands without a token, where nobody was ever made an operator."""
    scene.execute("DELETE FROM operators")

    def command(*words: str, **more: str) -> Said:
        return payratchet(*words, **{TOKEN: None, **more})

    monkeypatch.delenv(TOKEN, raising=False)
    return command


def create(run: Run, name: str, role: str, **environment: str) -> dict[str, Any]:
    words = ("operators", "create", name, "--role", role, "--reason", "new here", "--json")
    said = run(*words, **environment)
    assert said.code == 0, said.err
    made: dict[str, Any] = json.loads(said.out)
    return made


def local(folder: Path, database_url: str) -> None:
    """Write what a local `up` on this database would have told."""
    (folder / ".data" / "run").mkdir(parents=True)
    told = {"DATABASE_URL": database_url}
    (folder / ".data" / "run" / "env.json").write_text(json.dumps(told))


def test_an_operator_acts_under_their_name_with_the_token_that_is_shown_once(
    nobody: Run, scene: Scene
) -> None:
    made = create(nobody, "ada", "operator")

    said = nobody(*PAYMENT, "--reason", "why", **{TOKEN: made["token"]})

    assert said.code == 0, said.err
    assert scene.value("SELECT announced_by FROM payment_logs") == "operator:ada (why)"
    kept = scene.rows("SELECT * FROM operators")
    assert made["token"] not in repr(kept)
    assert made["password"] not in repr(kept)
    assert passwords.is_right(scene.value("SELECT password_hash FROM operators"), made["password"])
    assert scene.value("SELECT password_hash FROM operators").startswith("$argon2id$")


def test_who_made_and_ended_operators_is_kept_for_ever(nobody: Run, scene: Scene) -> None:
    create(nobody, "ada", "viewer")
    nobody("operators", "renew", "ada", "--reason", "lost it")
    nobody("operators", "revoke", "ada", "--reason", "gone")

    kept = scene.rows("SELECT action, subject, reason, actor FROM operator_actions ORDER BY id")
    assert [row[:3] for row in kept] == [
        ("operator_created", "operator:ada", "new here"),
        ("operator_renewed", "operator:ada", "lost it"),
        ("operator_revoked", "operator:ada", "gone"),
    ]
    assert all(row[3].startswith("administrator:") for row in kept)
    with pytest.raises(psycopg.errors.RestrictViolation):
        scene.execute("UPDATE operator_actions SET reason = 'other'")


@pytest.mark.parametrize("words", WRITING, ids=" ".join)
def test_every_command_that_changes_something_refuses_whom_it_does_not_know(
    words: tuple[str, ...], payratchet: Run, scene: Scene
) -> None:
    scene.announce("p1")
    before = scene.rows("SELECT count(*) FROM payment_logs")
    people.appoint(scene.url, "vic", Role.VIEWER)
    for token, code in (
        (None, "operator_token_missing"),
        ("", "operator_token_invalid"),
        (people.token_of("stranger"), "operator_token_invalid"),
        (people.token_of("vic"), "role_missing"),
    ):
        said = payratchet(*words, API_KEY_PEPPER=PEPPER, **{TOKEN: token})

        assert (said.code, said.err.partition(":")[0]) == (1, code), said
    assert scene.rows("SELECT count(*) FROM payment_logs") == before
    assert scene.value("SELECT count(*) FROM api_clients") == 0


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_commands_that_only_read_ask_for_no_token(words: tuple[str, ...], payratchet: Run) -> None:
    said = payratchet(*words, "--json", **{TOKEN: None})

    assert said.code == 0, said.err


def test_no_command_that_must_say_why_is_left_out_above() -> None:
    found = {
        (above, name)
        for above, group in cli.commands.items()
        if isinstance(group, click.Group)
        for name, command in group.commands.items()
        if JUSTIFIED & {param.name for param in command.params}
    }

    assert found == {words[:2] for words in WRITING} | ADMINISTERING


def test_an_operator_agrees_to_nothing(payratchet: Run) -> None:
    for verb in ("approve", "reject"):
        said = payratchet("approvals", verb, "1")

        assert (said.code, said.err.partition(":")[0]) == (1, "role_missing")


def test_a_revoked_operator_acts_no_more_and_the_name_is_never_given_again(
    nobody: Run, scene: Scene
) -> None:
    made = create(nobody, "ada", "operator")
    scene.execute(
        "INSERT INTO operator_sessions (token_hash, operator, address, expires_at)"
        " VALUES (sha256('s'), 'ada', '127.0.0.1', now() + interval '1 h')"
    )

    told = json.loads(nobody("operators", "revoke", "ada", "--json").out)

    assert (told["revoked"], told["sessions_ended"]) == (True, 1)
    assert scene.value("SELECT ended_at IS NOT NULL FROM operator_sessions")
    assert "operator_token_invalid" in nobody(*PAYMENT, **{TOKEN: made["token"]}).err
    assert "operator_unknown" in nobody("operators", "revoke", "ada").err
    assert "operator_unknown" in nobody("operators", "renew", "ada").err
    again = nobody("operators", "create", "ada", "--role", "approver")
    assert (again.code, again.err.partition(":")[0]) == (1, "name_in_use")
    # That everybody is revoked does not open the door of a fresh checkout again.
    assert "operator_token_missing" in nobody(*PAYMENT).err


def test_a_renewed_operator_has_another_token_and_no_session(nobody: Run, scene: Scene) -> None:
    first = create(nobody, "ada", "operator")
    scene.execute(
        "INSERT INTO operator_sessions (token_hash, operator, address, expires_at)"
        " VALUES (sha256('s'), 'ada', '127.0.0.1', now() + interval '1 h')"
    )

    second = json.loads(nobody("operators", "renew", "ada", "--json").out)

    assert second["sessions_ended"] == 1
    assert "operator_token_invalid" in nobody(*PAYMENT, **{TOKEN: first["token"]}).err
    assert nobody(*PAYMENT, **{TOKEN: second["token"]}).code == 0
    kept = scene.value("SELECT password_hash FROM operators")
    assert passwords.is_right(kept, second["password"])
    assert not passwords.is_right(kept, first["password"])


def test_with_a_token_only_an_approver_says_who_may_act(nobody: Run, scene: Scene) -> None:
    chief = create(nobody, "ada", "approver")
    other = create(nobody, "ben", "operator")

    refused = nobody("operators", "create", "eve", "--role", "approver", **{TOKEN: other["token"]})
    assert (refused.code, refused.err.partition(":")[0]) == (1, "role_missing")
    for verb in ("renew", "revoke"):
        assert "role_missing" in nobody("operators", verb, "ada", **{TOKEN: other["token"]}).err

    create(nobody, "eve", "viewer", **{TOKEN: chief["token"]})
    assert scene.value("SELECT created_by FROM operators WHERE name = 'eve'") == "operator:ada"


def test_outside_of_a_checkout_nobody_acts_before_the_first_operator_is_made(nobody: Run) -> None:
    said = nobody(*PAYMENT)

    assert (said.code, said.err.partition(":")[0]) == (1, "operators_missing")


@pytest.mark.parametrize("named", [False, True], ids=["in its folder", "by its data folder"])
def test_beside_a_local_run_the_account_is_operator_until_the_first_one_is_made(
    nobody: Run,
    scene: Scene,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    named: bool,
) -> None:
    local(tmp_path, scene.url)
    if named:
        monkeypatch.setenv("PAYRATCHET_DATA", str(tmp_path / ".data"))
    else:
        monkeypatch.chdir(tmp_path)

    assert nobody(*PAYMENT, LOGNAME="grace").code == 0
    assert scene.value("SELECT announced_by FROM payment_logs").startswith("operator:grace (")
    assert "role_missing" in nobody("approvals", "approve", "1").err

    create(nobody, "ada", "viewer")
    assert "operator_token_missing" in nobody(*PAYMENT).err


def test_a_local_run_on_another_database_gives_no_right_to_this_one(
    nobody: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local(tmp_path, "postgresql://elsewhere/payratchet")
    monkeypatch.chdir(tmp_path)

    assert "operators_missing" in nobody(*PAYMENT).err


def test_a_password_can_be_chosen_and_is_long_enough(nobody: Run, scene: Scene) -> None:
    words = ("operators", "create", "ada", "--role", "viewer", "--password-stdin", "--json")
    for wrong in ("short", "x" * 201, ""):
        said = nobody(*words, typed=f"{wrong}\n")
        assert (said.code, said.err.partition(":")[0]) == (1, "validation_failed")

    made = json.loads(nobody(*words, typed="correct horse battery\n").out)

    assert made["password"] == "correct horse battery"
    kept = scene.value("SELECT password_hash FROM operators")
    assert passwords.is_right(kept, "correct horse battery")


@pytest.mark.parametrize("name", ["Ada", "a b", "-a", "a:b", "x" * 51])
def test_a_name_that_the_history_could_not_tell_apart_is_refused(name: str, nobody: Run) -> None:
    said = nobody("operators", "create", "--role", "viewer", "--", name)

    assert (said.code, said.err.partition(":")[0]) == (1, "validation_failed")


def test_two_who_take_the_same_name_at_once_make_one_operator(scene: Scene) -> None:
    made: list[bool] = []
    ada = Operator("ada", Role.VIEWER)

    def take(number: int) -> None:
        with scene.database.transaction() as tx:
            keys = Keys(bytes([number]) * 32, "none")
            made.append(operators.create(tx, ada, keys, created_by="administrator:test"))

    scene.at_once(2, take)

    assert sorted(made) == [False, True]
    assert scene.value("SELECT count(*) FROM operators") == 1


def test_the_list_shows_who_may_act_and_nothing_that_lets_anybody_in(
    payratchet: Run, scene: Scene
) -> None:
    people.appoint(scene.url, "vic", Role.VIEWER)

    said = payratchet("operators", "list", "--json")

    items = json.loads(said.out)["items"]
    assert [(item["operator"], item["role"]) for item in items] == [
        ("tester", "operator"),
        ("vic", "viewer"),
    ]
    assert items[0].keys() == {"operator", "role", "created_by", "created_at", "revoked_at"}
