"""The catalogue: what each figure is called, in which unit, and what a reader must know of it."""

from __future__ import annotations

from typing import NamedTuple

from tests.bench.peers.peer import PEERS


class Entry(NamedTuple):
    """How a figure is presented."""

    title: str
    unit: str
    note: str = ""


RATES_PER_S = (100, 500, 2_000)
API_RATE_PER_S = 200
STEADY = "steady"
"""Names the latency at four fifths of what was reached from end to end."""

FLOORS = {
    "fsync_per_s": Entry("fsync of one page, one after the other", "1/s"),
    "insert_per_s": Entry(
        "(a) insert of one event and its key", "1/s", "pgbench, prepared, 64 clients"
    ),
    "transition_per_s": Entry(
        "(b) one event applied in a transaction of its own",
        "1/s",
        "pgbench, prepared, 16 clients; the rows, constraints and triggers that ours has",
    ),
    "bare_ingress_per_s": Entry(
        "(c) our ingress without the store", "1/s", "HTTP and signature; 64 connections"
    ),
}

PEER_FIGURES = {
    f"{peer.name}_{figure}": Entry(f"{peer.title}: {title}", "1/s", note)
    for peer in PEERS
    for figure, title, note in (
        ("acks_per_s", "acknowledged", "its web alone; 64 connections"),
        ("end_to_end_per_s", "end to end", "until the last credit"),
    )
}


def _latencies() -> dict[str, Entry]:
    found = {}
    for rate in (*(f"{rate}" for rate in RATES_PER_S), STEADY):
        at = "four fifths of the end-to-end rate" if rate == STEADY else f"{rate} events/s"
        for stage, title in (("ack", "until the 200"), ("applied", "from the 200 to the money")):
            for name, share in (("p50", "50 %"), ("p99", "99 %"), ("p999", "99.9 %")):
                entry = Entry(f"{title}, {share}, at {at}", "ms", "open loop, Poisson arrivals")
                found[f"{stage}_{name}_ms_at_{rate}"] = entry
    return found


def _api() -> dict[str, Entry]:
    at = f"at {API_RATE_PER_S} payments/s"
    found = {"intents_per_s": Entry("payments asked for", "1/s", "web and relay; 64 connections")}
    for stage, title, note in (
        ("api", "POST /v1/payments until the 202", "open loop, all processes, provider simulated"),
        ("api_started", "from the 202 to a page to pay at", ""),
    ):
        for name, share in (("p50", "50 %"), ("p99", "99 %"), ("p999", "99.9 %")):
            figure = f"{stage}_{name}_ms_at_{API_RATE_PER_S}"
            found[figure] = Entry(f"{title}, {share}, {at}", "ms", note)
    late = Entry(f"lateness of the sender itself, 99 %, {at}", "ms")
    return found | {f"api_sender_late_p99_ms_at_{API_RATE_PER_S}": late}


OURS = {
    "acks_per_s": Entry("durable acknowledgements", "1/s", "web and relay; 64 connections"),
    "acks_of_duplicates_per_s": Entry("acknowledgements, half of them repeats", "1/s"),
    "applied_per_s": Entry("applied from a full inbox", "1/s", "one worker process"),
    "hot_account_per_s": Entry("applied, all for one customer", "1/s"),
    "end_to_end_per_s": Entry(
        "end to end, nothing left to do", "1/s", "all processes; from first request to last credit"
    ),
    **_latencies(),
    **{
        f"sender_late_p99_ms_at_{rate}": Entry(
            f"lateness of the sender itself, 99 %, at {rate}", "ms"
        )
        for rate in (*RATES_PER_S, STEADY)
    },
    "steady_rate_per_s": Entry("rate of the steady latency", "1/s"),
    **{
        f"memory_mb_{name}": Entry(f"resident memory of {name}", "MB", "after the end-to-end flood")
        for name in ("web", "worker", "relay", "console")
    },
    **{
        f"start_s_{name}": Entry(f"start of {name}", "s")
        for name in ("web", "worker", "relay", "console")
    },
    "quiet_ack_p99_ms_alone": Entry("a quiet source alone: until the 200, 99 %", "ms"),
    "quiet_ack_p99_ms_beside": Entry("the same beside one 100 times as loud", "ms"),
    "quiet_applied_p99_ms_alone": Entry("a quiet source alone: to the money, 99 %", "ms"),
    "quiet_applied_p99_ms_beside": Entry("the same beside one 100 times as loud", "ms"),
    "live_ack_p99_ms_alone": Entry("live traffic without a replay: until the 200, 99 %", "ms"),
    "live_ack_p99_ms_beside": Entry("the same while 10,000 letters are replayed", "ms"),
    "live_applied_p99_ms_alone": Entry("live traffic without a replay: to the money, 99 %", "ms"),
    "live_applied_p99_ms_beside": Entry("the same while 10,000 letters are replayed", "ms"),
    "live_ack_p99_times": Entry("until the 200, 99 %, beside a replay / alone", "x"),
    "replayed_per_s": Entry("letters replayed", "1/s", "at the usual rate of 100, beside traffic"),
    "recovery_first_s": Entry("all workers killed: until the first event is applied", "s"),
    "recovery_backlog_s": Entry("all workers killed: until nothing is left behind", "s"),
    **_api(),
}


def growth(events: int) -> Entry:
    """Return the entry of what an event costs with so many stored before it."""
    return Entry(f"CPU of an event, all processes, at {events:,} stored".replace(",", " "), "us")


def growth_name(events: int) -> str:
    """Name that figure."""
    return f"cpu_us_at_{events}_stored"


def entry(name: str) -> Entry:
    """Return a figure's entry."""
    return (FLOORS | PEER_FIGURES | OURS)[name]
