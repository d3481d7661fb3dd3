"""What Prometheus scrapes: read from Postgres at the moment of asking, so it cannot drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from workers.store import reconciliation_views, views

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
    "provider_calls": ("payratchet_provider_calls", "Calls made to providers"),
    "reconciliation_items": (
        "payratchet_reconciliation_examined",
        "Transactions of providers' lists that were compared",
    ),
}

GAUGES = {
    "unfinished": ("payratchet_work_unfinished", "Events whose work is unfinished"),
    "oldest_unfinished_s": ("payratchet_work_oldest_seconds", "Age of the oldest unfinished work"),
    "claims": ("payratchet_batches_in_hand", "Batches that workers have in hand"),
    "refunds_open": ("payratchet_refunds_open", "Refunds asked for whose end is not proven"),
    "verifications_due": (
        "payratchet_verifications_due",
        "Payments that providers should have been asked about by now",
    ),
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
            calls, covered = views.recent_calls(tx), reconciliation_views.covered(tx)
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
        yield _calls(calls)
        yield from _reconciliation(covered)


def _risk(rows: list[views.Shown]) -> Iterator[Metric]:
    for field, text in (
        ("set_aside_minor", "Money that open dead letters are about, in minor units"),
        ("owed_minor", "What customers owe us, in minor units"),
    ):
        gauge = GaugeMetricFamily(f"payratchet_{field}", text, labels=["currency"])
        for row in rows:
            gauge.add_metric([row["currency"]], row[field])
        yield gauge


def _calls(rows: list[views.Shown]) -> Metric:
    """Count what lately became of calls: a gauge, because old calls fall out of it again."""
    gauge = GaugeMetricFamily(
        "payratchet_provider_calls_recent",
        f"Calls begun in the last {views.CALLS_RECENT_S} s, at most {views.CALLS_COUNTED_MAX}",
        labels=["provider", "kind", "outcome"],
    )
    for row in rows:
        gauge.add_metric([row["provider"], row["kind"], row["outcome"]], row["calls"])
    return gauge


def _reconciliation(rows: list[views.Shown]) -> Iterator[Metric]:
    labels = ["provider", "account"]
    for field, name, text in (
        ("covered_through", "covered_through", "Until when all is compared, Unix time"),
        ("heartbeat_at", "heartbeat", "When a run last took a step, Unix time"),
    ):
        gauge = GaugeMetricFamily(f"payratchet_reconciliation_{name}_seconds", text, labels=labels)
        for row in rows:
            if row[field] is not None:
                gauge.add_metric([row["provider"], row["account"]], row[field].timestamp())
        yield gauge
    differences = GaugeMetricFamily(
        "payratchet_reconciliation_differences",
        "What differed in the last finished run, mended or not",
        labels=[*labels, "verdict"],
    )
    for row in rows:
        for verdict in ("missing_here", "missing_there", "mismatched", "mended"):
            differences.add_metric([row["provider"], row["account"], verdict], row[verdict])
    yield differences


def scrape(database: Database) -> bytes:
    """Return the figures in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(RecordCollector(database))
    return generate_latest(registry)
