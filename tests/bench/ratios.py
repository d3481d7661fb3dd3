"""The ratios: what was promised of the figures, each against what was measured in the same run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.bench import catalogue
from tests.bench.figures import Ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.collected import Collected

TEXTBOOK = "textbook_celery"
TIMES_TEXTBOOK = 25.0
OF_BARE_INGRESS = 0.6
TIMES_TRANSITION_APPLIED = 2.0
TIMES_TRANSITION_END_TO_END = 1.3
STEADY_P99_MS_MAX = 150.0
ACK_P99_MS_MAX = 10.0
APPLIED_P99_MS_MAX = 50.0
API_P99_MS_MAX = 25.0
GROWTH_MAX = 1.1
NOISE_MAX = 1.2
MEMORY_MB_MAX = 350.0
MEMORY = ("memory_mb_web", "memory_mb_worker", "memory_mb_relay", "memory_mb_console")


def of(found: Collected, sizes: Sequence[int], *, has_wrk: bool) -> list[Ratio]:
    """Return every ratio; one whose figures are missing says so and is not met.

    Without wrk the generator is what ends the ingress without its store, so that nothing can be
    said of what the store costs.
    """
    speed = _of_speed(found)
    if not has_wrk:
        speed[0] = replace(speed[0], value=None, note="needs wrk, a generator that costs little")
    return [*speed, *_of_latency(found), *_of_size(found, sizes)]


def _of_speed(found: Collected) -> list[Ratio]:
    return [
        _at_least(
            "acks_of_bare_ingress",
            "durable acks / ingress without store",
            _over(found, "acks_per_s", "bare_ingress_per_s"),
            OF_BARE_INGRESS,
        ),
        _at_least(
            "acks_of_textbook",
            "durable acks / textbook (FastAPI, SQLAlchemy, Celery)",
            _over(found, "acks_per_s", f"{TEXTBOOK}_acks_per_s"),
            TIMES_TEXTBOOK,
        ),
        _at_least(
            "applied_of_transition",
            "applied from a backlog / one transaction an event",
            _over(found, "applied_per_s", "transition_per_s"),
            TIMES_TRANSITION_APPLIED,
        ),
        _at_least(
            "end_to_end_of_transition",
            "end to end / one transaction an event",
            _over(found, "end_to_end_per_s", "transition_per_s"),
            TIMES_TRANSITION_END_TO_END,
        ),
        _at_least(
            "end_to_end_of_textbook",
            "end to end / textbook (FastAPI, SQLAlchemy, Celery)",
            _over(found, "end_to_end_per_s", f"{TEXTBOOK}_end_to_end_per_s"),
            TIMES_TEXTBOOK,
        ),
    ]


def _of_latency(found: Collected) -> list[Ratio]:
    api_rate = catalogue.API_RATE_PER_S
    limits = (
        ("applied_p99_ms_at_steady", "p99 to the money at 80 % of end to end", STEADY_P99_MS_MAX),
        ("ack_p99_ms_at_500", "p99 until the 200 at 500/s", ACK_P99_MS_MAX),
        ("applied_p99_ms_at_500", "p99 to the money at 500/s", APPLIED_P99_MS_MAX),
        (
            f"api_p99_ms_at_{api_rate}",
            f"p99 of POST /v1/payments until the 202 at {api_rate}/s",
            API_P99_MS_MAX,
        ),
    )
    return [
        *(_at_most(name, title, found.median(name), limit, "ms") for name, title, limit in limits),
        *(
            _at_most(
                f"quiet_{stage}_beside_noisy",
                f"quiet source's p99 {title} beside a noisy one / alone",
                _over(found, f"quiet_{stage}_p99_ms_beside", f"quiet_{stage}_p99_ms_alone"),
                NOISE_MAX,
            )
            for stage, title in (("ack", "until the 200"), ("applied", "to the money"))
        ),
        _at_most(
            "live_ack_beside_replay",
            "live traffic's p99 until the 200 beside a replay / alone",
            found.median("live_ack_p99_times"),
            NOISE_MAX,
        ),
    ]


def _of_size(found: Collected, sizes: Sequence[int]) -> list[Ratio]:
    memory = [found.median(name) for name in MEMORY]
    total = None if None in memory else sum(mb for mb in memory if mb is not None)
    names = [catalogue.growth_name(size) for size in sizes]
    title = f"CPU of an event at {sizes[-1]:,} stored / at {sizes[0]:,}".replace(",", " ")
    return [
        _at_most("growth", title, _over(found, names[-1], names[0]), GROWTH_MAX),
        _at_most("memory", "memory of web, worker, relay, console", total, MEMORY_MB_MAX, "MB"),
    ]


def _over(found: Collected, measured: str, against: str) -> float | None:
    above, below = found.median(measured), found.median(against)
    return above / below if above is not None and below else None


def _at_least(name: str, title: str, value: float | None, goal: float) -> Ratio:
    return Ratio(name, title, value, goal, note=_note(value))


def _at_most(name: str, title: str, value: float | None, goal: float, unit: str = "x") -> Ratio:
    return Ratio(name, title, value, goal, unit, at_most=True, note=_note(value))


def _note(value: float | None) -> str:
    return "" if value is not None else "not measured in this run"
