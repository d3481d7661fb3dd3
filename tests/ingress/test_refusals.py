from __future__ import annotations

import http.client
import ipaddress
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from domain.addresses import client_address
from ingress import failures, refusals
from ingress.failures import FAILURES_PER_WINDOW_MAX, WINDOW_S, Failures
from tests.ingress.serving import OLD_SECRET, SECRET, charge, serving, signature, until

if TYPE_CHECKING:
    from tests.ingress.serving import Door

PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))


def test_a_refused_delivery_is_recorded_with_its_diagnosis(door: Door) -> None:
    answer = door.post(charge(), headers=[("X-Paystack-Signature", "00")])

    until(lambda: door.count("refused_requests") == 1)
    assert door.rows(
        "SELECT source, account, address, code, diagnosis, request_id, body_bytes"
        " FROM refused_requests"
    ) == [
        (
            "paystack",
            "default",
            "127.0.0.1",
            "signature_invalid",
            "1 signatures match none of 1 secrets",
            answer.json["request_id"],
            len(charge()),
        )
    ]


def test_the_diagnosis_finds_the_other_account_and_the_body_that_was_written_anew(
    database_url: str, redis_url: str
) -> None:
    environment = {"PAYSTACK_SECRET_KEY": SECRET, "PAYSTACK__EU_WEBHOOK_SECRET": OLD_SECRET}
    compact = json.dumps(json.loads(charge()), separators=(",", ":")).encode()
    with serving(database_url, redis_url, environment=environment) as door:
        other = door.post(charge(), secret=OLD_SECRET)
        anew = door.post(compact, headers=[("X-Paystack-Signature", signature(charge()))])
        until(lambda: door.count("refused_requests") == 2)
        found = [row for (row,) in door.rows("SELECT diagnosis FROM refused_requests ORDER BY id")]

    assert [other.status, anew.status] == [401, 401]
    assert found[0] == "signed with a secret of account eu, mode test"
    assert "serialised anew" in found[1]


def test_a_flood_of_forgeries_is_limited_and_leaves_the_tables_bounded(door: Door) -> None:
    statuses: list[int] = []
    with closing(http.client.HTTPConnection("127.0.0.1", door.port, timeout=10)) as connection:
        for _ in range(FAILURES_PER_WINDOW_MAX + 100):
            connection.request("POST", "/webhooks/paystack", body=b"{}")
            answer = connection.getresponse()
            said = json.load(answer)
            statuses.append(answer.status)

    assert statuses == [401] * FAILURES_PER_WINDOW_MAX + [429] * 100
    assert said["code"] == "rate_limited"
    assert 1 <= int(answer.headers["retry-after"]) <= WINDOW_S
    assert door.post(charge()).status == 200
    assert (door.count("inbound_events"), door.count("inbound_dedup")) == (1, 1)


def test_the_table_of_refusals_is_trimmed_to_the_newest(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "ROWS_MAX", 10)
    door.rows(
        "INSERT INTO refused_requests (source, account, address, code, diagnosis, request_id,"
        " body_bytes) SELECT 'x', 'x', 'x', 'x', 'x', 'old', 0 FROM generate_series(1, 500)"
        " RETURNING 1"
    )

    door.post(charge(), headers=[])

    until(lambda: door.count("refused_requests") == 10)
    assert ("signature_missing",) in door.rows("SELECT code FROM refused_requests")


def test_addresses_are_counted_apart_and_forgiven_with_time() -> None:
    counted = Failures()
    for _ in range(FAILURES_PER_WINDOW_MAX):
        assert counted.note("a", now_s=0) == 0

    assert counted.note("a", now_s=10) == WINDOW_S - 10
    assert counted.note("b", now_s=10) == 0
    assert counted.note("a", now_s=WINDOW_S) == 0


def test_as_many_addresses_as_there_are_take_no_more_memory() -> None:
    counted = Failures()

    for number in range(failures.ADDRESSES_MAX + 500):
        counted.note(str(number), now_s=0)

    assert len(counted) == failures.ADDRESSES_MAX


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("fd00::1", "2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "", "203.0.113.9"),
    ],
)
def test_an_address_is_that_of_the_nearest_party_we_do_not_trust(
    peer: str, forwarded: str, address: str
) -> None:
    scope: dict[str, Any] = {
        "client": (peer, 1),
        "headers": [(b"x-forwarded-for", forwarded.encode())],
    }

    assert client_address(scope, PROXIES) == address
