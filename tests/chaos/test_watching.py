"""What is measured of a run: recoveries, growth, the bounds on them, and how they are shown."""

from __future__ import annotations

import os
import time
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.chaos import options, plot
from tests.chaos.history import WEBHOOK, History, Outcome, Try
from tests.chaos.options import Options
from tests.chaos.plot import Mark, Story
from tests.chaos.report import Result
from tests.chaos.seconds import Second
from tests.chaos.watching import looks, recovery, sampler, usage
from tests.chaos.watching.looks import Look
from tests.chaos.watching.recovery import Blow, at_least, at_most
from tests.chaos.watching.sampler import Sample
from tests.chaos.watching.usage import Usage
from tests.chaos.watching.watcher import Watcher
from tests.demo.proof.invariant import Invariant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WALL_S = 1_000_000.0
"""Postgres' clock when ours is at nought."""

WAIT_S = 20.0


def seen(at_s: float, oldest_age_s: float | None) -> Look:
    """Return a look at which the oldest event is so old."""
    wall_s = WALL_S + at_s
    oldest_at_s = None if oldest_age_s is None else wall_s - oldest_age_s
    return Look(at_s, 1, oldest_at_s, 0, 0, 10, wall_s)


def tried(began_s: float, ended_s: float, outcome: Outcome) -> Try:
    return Try(WEBHOOK, "stripe", "front-1", began_s, began_s, ended_s, outcome, 200, "")


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "history.jsonl") as opened:
        yield opened


def test_a_worker_kill_is_over_when_nothing_from_before_it_is_open() -> None:
    blow = Blow(10.0, 10.1, 10.5, alone=True)
    before = [seen(9.9, None), seen(10.05, None), seen(10.2, 1.0), seen(12.0, 2.8)]

    assert recovery.worker_kill_s(blow, before) is None
    assert recovery.worker_kill_s(blow, [*before, seen(14.5, 4.0)]) == 4.5
    assert recovery.worker_kill_s(blow, [*before, seen(13.0, None)]) == 3.0


def test_a_postgres_kill_is_over_with_the_first_200_that_was_asked_for_after_it(
    history: History,
) -> None:
    blow = Blow(100.0, 100.05, 101.0, alone=True)
    history.note(tried(100.02, 100.04, Outcome.OK))
    history.note(tried(100.1, 100.2, Outcome.REFUSED))
    assert recovery.postgres_kill_s(blow, history) is None

    history.note(tried(101.5, 101.75, Outcome.OK))
    assert recovery.postgres_kill_s(blow, history) == pytest.approx(1.75)


def test_an_outage_of_valkey_is_measured_on_what_was_meant_for_that_time(history: History) -> None:
    blow = Blow(100.0, 100.0, 110.0, alone=True)
    assert recovery.valkey_down(blow, history) is None
    for number in range(99):
        history.note(tried(100 + number / 10, 100.05 + number / 10, Outcome.OK))
    history.note(tried(109.95, 120.0, Outcome.UNKNOWN))
    history.note(tried(110.0, 125.0, Outcome.OK))

    found = recovery.valkey_down(blow, history)

    assert found is not None
    assert (found.tries, found.acked_share) == (100, 0.99)
    assert found.p99_ms == pytest.approx(50, abs=0.1)


@pytest.mark.parametrize(
    ("values", "holds"), [([], True), ([1.0, 9.9], True), ([10.1], False), ([1.0, None], False)]
)
def test_a_bound_is_on_the_worst_and_on_what_could_not_be_told(
    values: list[float | None], *, holds: bool
) -> None:
    assert at_most("recovery", values, 10.0, strikes_min=0).holds is holds


def test_a_share_is_bounded_from_below() -> None:
    assert at_least("acked", [1.0, 0.9995], 0.999, strikes_min=0).holds
    assert not at_least("acked", [1.0, 0.998], 0.999, strikes_min=0).holds


def test_a_bound_that_had_to_be_measured_and_was_not_is_not_met() -> None:
    assert not at_most("recovery", [], 10.0, strikes_min=1).holds
    assert not at_least("acked", [], 0.999, strikes_min=1).holds


def test_a_process_that_grows_is_told_and_its_successor_begins_anew() -> None:
    def sample(at_s: float, pid: int, mib: int, files: int = 10) -> Sample:
        return Sample(at_s, "web-1", Usage(pid, mib << 20, files, 5))

    warm = [sample(0, 1, 50), sample(10, 1, 150), sample(25, 1, 160)]

    assert sampler.excesses(warm) == []
    assert sampler.excesses([*warm, sample(90, 2, 60), sample(200, 2, 170)]) == []
    assert sampler.excesses([*warm, sample(99, 1, 280)]) == [
        "web-1: 130 MiB more than when it was warm, at most 120"
    ]
    assert sampler.excesses([sample(1, 1, 50, files=601)]) == ["web-1: 601 open files, at most 600"]


def test_usage_is_what_a_process_group_holds() -> None:
    found = usage.of({"we": os.getpgid(0), "nobody": 2**22 + 1})

    assert set(found) == {"we"}
    assert found["we"].memory_bytes > 1 << 20
    assert found["we"].files > 0
    assert found["we"].threads > 0


def test_what_is_owed_and_what_is_broken_is_seen(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "INSERT INTO inbound_work (event_id, received_at, lane, next_at)"
            " VALUES (1, now() - interval '5 s', 'events', now())"
        )
        owed = looks.look(connection, 0.0, kept_errors=())
        assert (owed.events, owed.owes_events, owed.owes_calls) == (1, True, False)
        assert owed.age_s == pytest.approx(5, abs=2)
        assert looks.broken(connection) == []

        connection.execute(
            "INSERT INTO customer_balances (customer_id, currency, balance_minor)"
            " VALUES ('ada', 'USD', 5)"
        )
        connection.execute(
            "INSERT INTO ledger_entries (movement_id, leg, effect, object_id, account,"
            " amount_minor, currency, at) VALUES (1, 1, 'x', 'y', 'suspense', 5, 'USD', now())"
        )
        assert looks.broken(connection) == [
            "1 balances differ from the ledger",
            "1 movements do not sum to zero",
        ]


def test_the_watcher_survives_the_loss_of_its_connections(database_url: str) -> None:
    with Watcher(database_url) as watcher:
        until(lambda: watcher.looks and watcher.snapshots)
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'chaos watcher' AND datname = current_database()"
            )
        count, snapshots = len(watcher.looks), watcher.snapshots
        until(lambda: len(watcher.looks) > count + 1 and watcher.snapshots > snapshots + 1)

    assert watcher.problems == []


def until(is_so: object) -> None:
    """Wait until this is true."""
    assert callable(is_so)
    give_up_at_s = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < give_up_at_s
        time.sleep(0.02)


def test_the_plot_has_a_row_for_each_kind_of_fault_and_is_well_formed() -> None:
    seconds = [Second(100 + n, 50 + n, n, 0, 0.01, 0.5 * n) for n in range(30)]
    marks = [Mark("flushall", 2, 2.1, alone=False), Mark("kill_worker", 5, 9, alone=True)]
    story = Story("<a run>", 100.0, 30.0, seconds, [seen(101.0, None)], marks)

    drawn = plot.svg(story)

    texts = [each.text for each in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert {"<a run>", "flushall", "kill_worker", "200", "p99", "30 s"} <= set(texts)


def test_a_plot_of_nothing_is_drawn_too() -> None:
    ET.fromstring(plot.svg(Story("nothing", 0.0, 0.0, [], [], [])))


def test_a_result_holds_only_if_every_invariant_and_every_bound_does() -> None:
    good, bad = Invariant("x", 1, ()), Invariant("x", 1, ("y",))
    met, broken = (at_most("b", [value], 2.0, strikes_min=1) for value in (1.0, 3.0))

    assert result([good], [met]).holds
    assert not result([good, bad], [met]).holds
    assert not result([good], [met, broken]).holds
    assert not result([], [met]).holds
    assert result([good], [met]).as_json()["invariants"] == [
        {"name": "x", "holds": True, "checked": 1}
    ]


def result(invariants: list[Invariant], bounds: list[recovery.Bound]) -> Result:
    return Result(
        options=Options(seed=1),
        counts={"acked": 1},
        faults={},
        left_out={},
        recovery_s={},
        bounds=bounds,
        invariants=invariants,
        phases_s={},
        elapsed_s=1.0,
    )


def test_options_are_read_and_nonsense_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    asked = options.read(["--seed", "7", "--minutes", "1", "--faults", "flushall, kill_web"])
    assert (asked.seed, asked.faults, asked.is_fault_free) == (7, ("flushall", "kill_web"), False)
    assert options.read(["--faults", "none"]).is_fault_free
    assert options.read([]).seed != options.read([]).seed
    for words in (["--minutes", "0"], ["--rate", "0"], ["--faults", "none,kill_web"]):
        with pytest.raises(SystemExit):
            options.read(words)
    assert "goes with no other kind" in capsys.readouterr().err
