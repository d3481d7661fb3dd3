"""The pack: every input against one server, and what must be as before when all were sent.

Three rounds, so that what may change is known of each: those who have proven nothing, those who
have and are refused, those who are heard.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
import redis
from psycopg import sql

from ingress import refusals
from ingress.api import last_used
from tests.hostile import aftermath
from tests.hostile.ground import CANARY, PAN
from tests.hostile.inputs import Input, charge, signed
from tests.hostile.judging import faults, lines_faults
from tests.hostile.keys_named import LISTENER
from tests.hostile.listener import listening
from tests.hostile.speaking import speak

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.hostile.ground import Ground

AT_ONCE = 12
"""Inputs that are under way at a time."""

GROWTH_BYTES_MAX = 32 * 2**20
"""Bytes by which the memory of the server may grow while all is sent: buffers, once."""

AGAIN_BYTES_MAX = 2 * 2**20
"""Bytes by which it may grow when strangers send all they have a second time."""

WARM_UP = 200
"""Good deliveries before memory is measured: what is made once is made by then."""

SETTLE_S = 0.5 + max(refusals.FLUSH_S, last_used.FLUSH_S)
"""Seconds for what is written beside the answers: refusals, and when a key was last used."""

REFUSALS = "refused_requests"
KEYS = "api_keys"

Named = tuple[str, Input]


@dataclass
class Report:
    """What was found: a sentence for each fault, and the figures."""

    faults: list[str] = field(default_factory=list)
    sent: int = 0
    growth_bytes: int = 0
    again_bytes: int = 0
    slowest_s: float = 0.0
    redis_keys: int = 0

    def find(self, where: str, what: str) -> None:
        """Note a fault."""
        self.faults.append(f"{where}: {what}")


def play(ground: Ground, groups: Mapping[str, Sequence[Input]]) -> Report:
    """Send everything; return what is wrong."""
    report = Report()
    named = [(f"{group}: {each.name}", each) for group, found in groups.items() for each in found]
    strangers = [each for each in named if not each[1].by]
    refused = [each for each in named if each[1].by and not each[1].adds]
    heard = [each for each in named if each[1].adds]
    _warm_up(ground, report)
    first_bytes = ground.memory_bytes()
    with listening() as listener:
        _round(ground, report, strangers, listener.port, but={REFUSALS})
        _round(ground, report, refused, listener.port, but={REFUSALS, KEYS})
        _heard(ground, report, heard, listener.port)
        all_bytes = ground.memory_bytes()
        _round(ground, report, strangers, listener.port, but={REFUSALS})
        for address in listener.callers:
            report.find("outgoing", f"the server asked where it was told to ask: {address}")
    report.growth_bytes = all_bytes - first_bytes
    report.again_bytes = ground.memory_bytes() - all_bytes
    if report.growth_bytes > GROWTH_BYTES_MAX or report.again_bytes > AGAIN_BYTES_MAX:
        report.find("memory", f"+{report.growth_bytes} bytes, then +{report.again_bytes}")
    _look_at_stores(ground, report)
    report.faults += [f"money: {each}" for each in aftermath.faults(ground.database_url)]
    report.faults += [f"log: {each}" for each in lines_faults(ground.log.read_bytes())]
    return report


def _warm_up(ground: Ground, report: Report) -> None:
    good = [(f"warm-up {n}", _good(n)) for n in range(WARM_UP)]
    _send(ground, report, good, port=0, first=60_000)
    time.sleep(SETTLE_S)


def _good(number: int) -> Input:
    return Input("a good delivery", signed(charge("warm-up", 100_000 + number)), "200")


def _round(
    ground: Ground, report: Report, inputs: Sequence[Named], port: int, *, but: set[str]
) -> None:
    """Send inputs that may change nothing but some tables, and then something good."""
    before = _tables(ground.database_url)
    _send(ground, report, inputs, port)
    time.sleep(SETTLE_S)
    after = _tables(ground.database_url)
    for table in before:
        if before[table] != after[table] and table not in but:
            report.find(table, f"was {before[table]}, is {after[table]} after what was refused")
    _send(ground, report, [("still there", _good(1_000 + len(inputs)))], port)


def _heard(ground: Ground, report: Report, inputs: Sequence[Named], port: int) -> None:
    """Send inputs that are kept, and count what is."""
    before = _tables(ground.database_url)
    _send(ground, report, inputs, port)
    time.sleep(SETTLE_S)
    after = _tables(ground.database_url)
    for table in {table for _, each in inputs for table in each.adds}:
        wanted = sum(each.adds.get(table, 0) for _, each in inputs)
        grown = after[table][0] - before[table][0]
        if grown != wanted:
            report.find(table, f"{grown} rows more, not {wanted}")


def _send(
    ground: Ground, report: Report, inputs: Iterable[Named], port: int, first: int = 0
) -> None:
    def one(numbered: tuple[int, Named]) -> tuple[str, Input, Any]:
        number, (name, given) = numbered
        now_s = int(time.time())
        sent = given.bytes_at(now_s).replace(LISTENER.encode(), b"127.0.0.1:%d" % port)
        return name, given, speak(ground.port, sent, number=number)

    first = first or report.sent
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for name, given, spoken in pool.map(one, enumerate(inputs, first)):
            report.sent += 1
            report.slowest_s = max(report.slowest_s, spoken.took_s)
            for fault in faults(given, spoken):
                report.find(name, fault)


def _tables(database_url: str) -> dict[str, tuple[int, int]]:
    """Return of every table how many rows it has, and a sum over all that is in them."""
    found = {}
    with psycopg.connect(database_url) as connection:
        names = connection.execute(
            "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition"
        ).fetchall()
        for (name,) in names:
            query = sql.SQL(
                "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {} t"
            )
            row = connection.execute(query.format(sql.Identifier(name))).fetchone()
            assert row is not None
            found[name] = (row[0], int(row[1]))
    return found


def _look_at_stores(ground: Ground, report: Report) -> None:
    """Look for keys that would stay for ever, and for what belongs into no record of refusals."""
    with redis.Redis.from_url(ground.redis_url) as client:
        keys = list(client.scan_iter(count=1_000))
        report.redis_keys = len(keys)
        for key in keys:
            if key.startswith(b"{payratchet-limits}") and client.ttl(key) < 0:
                report.find("redis", f"a key that stays for ever: {key!r}")
    with psycopg.connect(ground.database_url) as connection:
        [[kept]] = connection.execute(
            f"SELECT count(*) FROM {REFUSALS} r WHERE r::text LIKE ANY (%s)",
            [[f"%{CANARY}%", f"%{PAN}%"]],
        ).fetchall()
    if kept:
        report.find(REFUSALS, f"{kept} rows show what a sender wrote")
