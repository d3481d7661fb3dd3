"""Played: one run of a story in a process of its own, forked from one that has all in memory."""

from __future__ import annotations

import json
import logging
import os
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
import structlog

from tests.crash import digest, seams, settling
from tests.crash.points import CRASHED, Passed, Points
from tests.crash.world import World
from workers.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.crash.scenario import Scenario

    Planted = Callable[[], object]


class Ground(NamedTuple):
    """Where a story is played."""

    url: str
    redis_url: str
    folder: Path


class Run(NamedTuple):
    """What became of a run: the code it ended with and what it had said until then."""

    code: int
    answers: dict[str, Any]
    passed: list[Passed]
    strange: list[str]
    found: dict[str, Any]
    error: str | None

    @property
    def crashed(self) -> bool:
        """Whether it came to the point at which it was to end."""
        return self.code == CRASHED


def prepared(scenario: Scenario, ground: Ground) -> Run:
    """Make the record with which the story begins."""
    return _forked(ground, {}, None, lambda world, _: scenario.prepare(world))


def played(
    scenario: Scenario,
    ground: Ground,
    *,
    target: str | None = None,
    answers: dict[str, Any] | None = None,
    plant: Planted | None = None,
) -> Run:
    """Play the story, up to the `target` if there is one."""

    def play(world: World, say: Callable[..., None]) -> None:
        seams.wrap(world.points)
        if plant is not None:
            plant()
        _ = world.desk
        world.points.is_on = True
        try:
            scenario.story(world)
        finally:
            world.points.is_on = False
            say(passed=world.points.passed, strange=sorted(world.points.strange))

    return _forked(ground, answers or {}, target, play)


def finished(scenario: Scenario, ground: Ground, answers: dict[str, Any]) -> Run:
    """Play the story to its end without a crash, let all settle, and say how things stand."""

    def finish(world: World, say: Callable[..., None]) -> None:
        settling.later(world)
        scenario.story(world)
        settling.settle(world)
        problems = [*verify(world.desk.database).problems, *_told_otherwise(world)]
        with psycopg.connect(world.url) as connection:
            record = digest.taken(connection, forgiven={name for name, _ in scenario.forgives})
        world.provider.read()
        say(found={"record": record, "provider": world.provider.did(), "problems": problems})

    return _forked(ground, answers, None, finish)


def _told_otherwise(world: World) -> list[str]:
    """Return the keys under which something else is kept than was answered, or nothing."""
    query = "SELECT key::text, status, convert_from(body, 'UTF8') FROM idempotency_keys"
    kept = {key: (status, body) for key, status, body in world.desk.rows(query)}
    return [
        f"{name} was answered {answer}, and {kept.get(answer['key'])} is kept"
        for name, answer in world.answers.items()
        if isinstance(answer, dict)
        and "key" in answer
        and kept.get(answer["key"]) != (answer["status"], answer["body"])
    ]


def _forked(
    ground: Ground,
    answers: dict[str, Any],
    target: str | None,
    do: Callable[[World, Callable[..., None]], None],
) -> Run:
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        _child(writing, ground, answers, target, do)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = [json.loads(line) for line in pipe]
    _, status = os.waitpid(pid, 0)
    told = {name: answer for each in said for name, answer in each.get("told", {}).items()}
    whole = {name: value for each in said for name, value in each.items()}
    return Run(
        os.waitstatus_to_exitcode(status),
        answers | told,
        [Passed(*each) for each in whole.get("passed", ())],
        whole.get("strange", []),
        whole.get("found", {}),
        whole.get("error"),
    )


def _be_quiet() -> None:
    """Log nothing: what a run has to say it says to whoever asked for it."""
    logging.disable()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _child(
    writing: int,
    ground: Ground,
    answers: dict[str, Any],
    target: str | None,
    do: Callable[[World, Callable[..., None]], None],
) -> None:
    """Be the process that plays; never returns."""
    code = 1

    def say(**what: Any) -> None:
        os.write(writing, json.dumps(what).encode() + b"\n")

    _be_quiet()
    os.environ |= {"DATABASE_URL": ground.url, "REDIS_URL": ground.redis_url}
    try:
        world = World(
            *ground,
            Points(target),
            dict(answers),
            lambda name, answer: say(told={name: answer}),
        )
        do(world, say)
        code = 0
    except BaseException:  # noqa: BLE001 - it is told to whoever asked for the run
        with suppress(OSError):
            say(error=traceback.format_exc())
    os._exit(code)
