"""What Prometheus scrapes: read from Postgres at the moment of asking, so it cannot drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from workers.store import views

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

    from workers.database import Database

COUNTERS = {
    "inbound_dedup": ("payratchet_events_accepted", "Events accepted, each once"),
    "payment_facts": ("payratchet_facts", "Facts stored"),
    "payment_transitions": ("payratchet_transitions", "Steps of payments"),
    "sms_transactions": ("payratchet_credit_movements", "Movements of customers' credit"),
    "attempts": ("payratchet_attempts_noted", "Attempts that did not simply succeed"),
    "refused_requests": ("payratchet_requests_refused", "Requests refused and recorded"),
}

GAUGES = {
    "unfinished": ("payratchet_work_unfinished", "Events whose work is unfinished"),
    "oldest_unfinished_s": ("payratchet_work_oldest_seconds", "Age of the oldest unfinished work"),
    "claims": ("payratchet_batches_in_hand", "Batches that workers have in hand"),
}


class RecordCollector(Collector):
    """Reads the record whenever it is asked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[Metric]:
        """Yield every figure. Raises psycopg.OperationalError when the store is away."""
        with self._database.transaction() as tx:
            overview, inserted = views.overview(tx), views.inserted(tx)
            reasons, risk = views.open_by_reason(tx), views.money_at_risk(tx)
        for field, (name, text) in GAUGES.items():
            yield GaugeMetricFamily(name, text, value=overview[field])
        for table, (name, text) in COUNTERS.items():
            yield CounterMetricFamily(name, text, value=inserted.get(table, 0))
        letters = GaugeMetricFamily(
            "payratchet_dead_letters_open", "Open dead letters", labels=["reason"]
        )
        for row in reasons:
            letters.add_metric([row["reason"]], row["letters"])
        yield letters
        yield from _risk(risk)


def _risk(rows: list[views.Shown]) -> Iterator[Metric]:
    for field, text in (
        ("set_aside_minor", "Money that open dead letters are about, in minor units"),
        ("owed_minor", "What customers owe us, in minor units"),
    ):
        gauge = GaugeMetricFamily(f"payratchet_{field}", text, labels=["currency"])
        for row in rows:
            gauge.add_metric([row["currency"]], row[field])
        yield gauge


def scrape(database: Database) -> bytes:
    """Return the figures in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(RecordCollector(database))
    return generate_latest(registry)
