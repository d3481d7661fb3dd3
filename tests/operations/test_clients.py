"""Clients of the API: keys are shown once, at most two live, and who did what stays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from domain import api_keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]

PEPPER = "pepper of this test, long enough for one"


@pytest.fixture
def run(payratchet: Run) -> Callable[..., Any]:
    """Run `payratchet clients … --json` with a pepper; return what it printed, as JSON."""

    def clients(*words: str) -> Any:
        said = payratchet("clients", *words, "--json", API_KEY_PEPPER=PEPPER)
        assert said.code == 0, said.err
        return json.loads(said.out)

    return clients


def refused(payratchet: Run, *words: str) -> str:
    said = payratchet("clients", *words, API_KEY_PEPPER=PEPPER)
    assert said.code in (1, 2), said.out
    return said.err


def hashes(scene: Scene) -> dict[str, bytes]:
    return dict(scene.rows("SELECT prefix, key_hash FROM api_keys"))


def test_a_key_is_printed_once_and_only_its_hash_is_kept(
    run: Callable[..., Any], payratchet: Run, scene: Scene
) -> None:
    made = run("create", "shop", "--scope", "payments:write", "--scope", "credit:read")

    assert {"client_id", "key", "scopes"} <= made.keys()
    assert made["scopes"] == ["credit:read", "payments:write"]
    prefix = api_keys.prefix_of(made["key"])
    assert prefix is not None
    assert hashes(scene) == {prefix: api_keys.key_hash(PEPPER.encode(), made["key"])}
    listed = payratchet("clients", "list", "--json").out
    assert prefix in listed
    assert made["key"] not in listed
    everything = scene.value(
        "SELECT string_agg(c::text || k::text, '') FROM api_clients c, api_keys k"
    )
    assert made["key"].rpartition("_")[2] not in everything


def test_a_name_is_used_once_and_what_cannot_be_a_client_is_refused(
    run: Callable[..., Any], payratchet: Run
) -> None:
    run("create", "shop", "--scope", "payments:read")

    assert "name_in_use" in refused(payratchet, "create", "shop", "--scope", "payments:read")
    assert "validation_failed" in refused(payratchet, "create", "A b", "--scope", "payments:read")
    assert "payments:all" in refused(payratchet, "create", "b", "--scope", "payments:all")
    assert "--scope" in refused(payratchet, "create", "b")
    for rate in ("5", "0/minute", "5/fortnight", "10000000/second", "-1/second"):
        words = ("create", "b", "--scope", "credit:read", "--initialize", rate)
        assert "a rate is written as" in refused(payratchet, *words)


def test_without_a_pepper_no_key_is_made_and_nothing_is_kept(payratchet: Run, scene: Scene) -> None:
    for environment, words in (
        ({}, "set API_KEY_PEPPER"),
        ({"API_KEY_PEPPER": "not long"}, "API_KEY_PEPPER is too short"),
    ):
        said = payratchet("clients", "create", "shop", "--scope", "credit:read", **environment)

        assert said.code == 2
        assert words in said.err
        assert "not long" not in said.err
    assert scene.value("SELECT count(*) FROM api_clients") == 0


def test_the_pepper_of_a_local_service_is_taken_over_only_by_commands_that_make_keys(
    payratchet: Run, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".data" / "run").mkdir(parents=True)
    said = {"DATABASE_URL": database_url, "API_KEY_PEPPER": PEPPER}
    (tmp_path / ".data" / "run" / "env.json").write_text(json.dumps(said))
    monkeypatch.chdir(tmp_path)
    words = ("clients", "create", "shop", "--scope", "credit:read", "--json")

    made = payratchet(*words, DATABASE_URL="")

    assert made.code == 0, made.err
    assert json.loads(made.out)["name"] == "shop"


def test_while_keys_rotate_two_live_and_a_third_needs_an_end_of_the_oldest(
    run: Callable[..., Any], payratchet: Run, scene: Scene
) -> None:
    first = run("create", "shop", "--scope", "payments:read")
    second = run("rotate", "shop", "--keep-old-for", "1h")
    third_refused = refused(payratchet, "rotate", "shop")
    third = run("rotate", first["client_id"], "--end-old", "--keep-old-for", "0s")

    assert second["old_keys"] == [first["prefix"]]
    assert "two_keys_live" in third_refused
    assert third["old_keys"] == [second["prefix"]]
    assert len({first["key"], second["key"], third["key"]}) == 3
    ended = scene.rows(
        "SELECT prefix, revoked_at IS NOT NULL, expires_at <= now() FROM api_keys"
        " ORDER BY created_at"
    )
    assert ended == [
        (first["prefix"], True, False),
        (second["prefix"], False, True),
        (third["prefix"], False, None),
    ]
    [client] = run("list")["items"]
    assert [key["prefix"] for key in client["keys"]] == [third["prefix"]]


def test_one_key_or_the_whole_client_is_ended_at_once(
    run: Callable[..., Any], payratchet: Run, scene: Scene
) -> None:
    first = run("create", "shop", "--scope", "payments:read")
    second = run("rotate", "shop")

    one = run("revoke", "shop", "--key", first["prefix"])
    again = refused(payratchet, "revoke", "shop", "--key", first["prefix"])
    whole = run("revoke", "shop", "--reason", "gone")

    assert (one["revoked"], one["keys_ended"]) == (False, [first["prefix"]])
    assert "key_unknown" in again
    assert (whole["revoked"], whole["keys_ended"]) == (True, [second["prefix"]])
    assert scene.value("SELECT count(*) FROM api_keys WHERE revoked_at IS NULL") == 0
    for words in (("rotate", "shop"), ("revoke", "shop"), ("limits", "shop", "--default")):
        assert "client_revoked" in refused(payratchet, *words)
    assert "client_unknown" in refused(payratchet, "rotate", "nobody")


def test_a_client_with_two_live_keys_is_not_revoked_without_an_answer(
    run: Callable[..., Any], payratchet: Run, scene: Scene
) -> None:
    run("create", "shop", "--scope", "payments:read")
    run("rotate", "shop")

    unasked = payratchet("clients", "revoke", "shop")

    assert unasked.code == 1
    assert scene.value("SELECT count(*) FROM api_keys WHERE revoked_at IS NULL") == 2


def test_limits_are_set_one_by_one_and_given_back(run: Callable[..., Any]) -> None:
    run("create", "shop", "--scope", "payments:write", "--initialize", "1000/second")
    shown = run("limits", "shop")
    set_ = run("limits", "shop", "--verify", "20/minute")
    default = run("limits", "shop", "--default")

    assert (shown["initialize_limit"], shown["verify_limit"]) == ("1000/second", None)
    assert (set_["initialize_limit"], set_["verify_limit"]) == ("1000/second", "20/minute")
    assert (default["initialize_limit"], default["verify_limit"]) == (None, None)


def test_who_did_what_to_a_client_and_why_is_kept(run: Callable[..., Any], scene: Scene) -> None:
    made = run("create", "shop", "--scope", "payments:read", "--reason", "new shop")
    run("limits", "shop", "--initialize", "9/hour", "--reason", "slow down")
    run("rotate", "shop", "--reason", "leaked")
    run("revoke", "shop", "--key", made["prefix"], "--reason", "really")
    run("revoke", "shop", "--reason", "closed")

    history = scene.rows("SELECT action, reason FROM api_client_actions ORDER BY id")
    assert history == [
        ("created", "new shop"),
        ("rotated", "new shop"),
        ("limited", "initialize 9/hour, verify default: slow down"),
        ("rotated", "leaked"),
        ("key_ended", "really"),
        ("revoked", "closed"),
    ]
    actors = scene.rows("SELECT DISTINCT actor FROM api_client_actions")
    assert len(actors) == 1
    assert actors[0][0].startswith("operator:")


def test_the_list_fits_a_terminal_and_says_who_is_revoked(
    run: Callable[..., Any], payratchet: Run
) -> None:
    run("create", "shop", "--scope", "payments:write", "--scope", "credit:write")
    run("create", "old", "--scope", "payments:read")
    run("revoke", "old")

    said = payratchet("clients", "list")

    assert said.code == 0
    assert "revoked" in said.out
    assert max(map(len, said.out.splitlines())) <= 80
