from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

from tests.ingress.serving import (
    BODY_BYTES_MAX,
    OLD_SECRET,
    SECRET,
    charge,
    serving,
    signature,
    until,
)

if TYPE_CHECKING:
    from tests.ingress.serving import Door

COPIES = 200
WRONG_SIGNATURES = [
    "",
    "00",
    "v1," + "0" * 128,
    signature(charge(2)),
    signature(charge()).upper(),
    signature(charge()) + "0",
    "\xff" * 64,
    signature(charge(), OLD_SECRET),
]
NOT_CONFIGURED = [
    "/webhooks/nobody",
    "/webhooks/stripe",
    "/webhooks/paystack/other",
    "/webhooks/PAYSTACK",
]
OTHER_PATHS = [
    "/",
    "/webhooks",
    "/webhooks/",
    "/webhooks/paystack/",
    "/webhooks/paystack/default/",
    "//webhooks/paystack",
    "/webhooks/%70aystack",
    "/webhooks/x%2f..%2fpaystack",
    "/webhooks/paystack%00",
    "/webhooks/%c0%af",
]
OTHER_METHODS = ["GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"]
ENCODINGS = ["gzip", "deflate", "br", "gzip, gzip", "GZIP"]
BAD_FRAMING = [
    (b"POST /webhooks/paystack HTTP/1.1\r\nHost: x\r\nX: " + b"1" * 1_000_000, 431),
    (b"POST /" + b"p" * 1_000_000, 414),
    (b"POST / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000, 431),
    (b"NONSENSE\r\n\r\n", 400),
    (b"GET http://elsewhere/livez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET @elsewhere HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    (b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nX: a\x00b\r\n\r\n", 400),
]


def test_a_signed_delivery_is_committed_and_answered(door: Door) -> None:
    answer = door.post(charge())

    assert answer.status == 200
    [(event_id, source, account, reference, mode)] = door.rows(
        "SELECT id, source, account, reference, mode FROM inbound_events"
    )
    assert answer.json == {"status": "accepted", "event_id": str(event_id)}
    assert (source, account, reference, mode) == ("paystack", "default", "top-up-1", "test")


def test_the_bytes_are_kept_as_they_were_sent(door: Door) -> None:
    body = b'{"event": "charge.success",\t"data":{"id":1e0}, "x":"\\u00e9"} \r\n'

    door.post(body)

    assert door.rows("SELECT body FROM inbound_events") == [(body,)]


def test_an_event_brings_its_key_and_its_work_with_the_same_time(door: Door) -> None:
    door.post(charge())

    assert door.rows(
        """
        SELECT work.lane, work.received_at = event.received_at,
               first.received_at = event.received_at,
               extract(epoch FROM work.next_at - work.received_at)::int
        FROM inbound_events event JOIN inbound_work work ON work.event_id = event.id
        JOIN inbound_dedup first ON first.event_id = event.id
        """
    ) == [("events", True, True, 3)]


def test_only_harmless_headers_are_kept(door: Door) -> None:
    body = charge()
    headers = [
        ("X-Paystack-Signature", signature(body)),
        ("User-Agent", "Paystack/2.0"),
        ("Cookie", "session=1"),
        ("Authorization", "Bearer x"),
        ("Content-Type", "application/json"),
    ]

    door.post(body, headers=headers)

    assert door.rows("SELECT headers FROM inbound_events") == [
        ({"user-agent": "Paystack/2.0", "content-type": "application/json"},)
    ]


def test_a_well_formed_request_id_and_traceparent_are_taken_over(door: Door) -> None:
    body = charge()
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = [
        ("X-Paystack-Signature", signature(body)),
        ("X-Request-Id", "from-provider-1"),
        ("traceparent", trace),
    ]

    answer = door.post(body, headers=headers)

    assert answer.headers["x-request-id"] == "from-provider-1"
    assert door.rows("SELECT request_id, traceparent FROM inbound_events") == [
        ("from-provider-1", trace)
    ]


def test_a_malformed_request_id_and_traceparent_are_replaced(door: Door) -> None:
    body = charge()
    headers = [
        ("X-Paystack-Signature", signature(body)),
        ("X-Request-Id", "<script>"),
        ("traceparent", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"),
    ]

    answer = door.post(body, headers=headers)

    [(request_id, trace)] = door.rows("SELECT request_id, traceparent FROM inbound_events")
    assert request_id == answer.headers["x-request-id"] != "<script>"
    assert trace is None


def test_an_authentic_body_that_nobody_can_read_is_kept(door: Door) -> None:
    answer = door.post(b"\x00\xff not json")

    assert answer.json["status"] == "accepted"
    [(key, reference)] = door.rows("SELECT event_key, reference FROM inbound_events")
    assert (key.startswith("body:"), reference) == (True, None)


def test_a_missing_signature_is_refused(door: Door) -> None:
    answer = door.post(charge(), headers=[])

    assert (answer.status, answer.json["code"]) == (401, "signature_missing")
    assert door.count("inbound_events") == 0


def test_a_wrong_signature_is_refused(door: Door) -> None:
    for given in WRONG_SIGNATURES:
        answer = door.post(charge(), headers=[("X-Paystack-Signature", given)])

        assert (answer.status, answer.json["code"]) == (401, "signature_invalid")
        assert door.count("inbound_events") == 0


def test_a_refusal_is_a_problem_document_that_says_no_more_than_its_code(door: Door) -> None:
    answer = door.post(charge(), headers=[("X-Paystack-Signature", "00")])

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json == {
        "type": "urn:payratchet:problem:signature_invalid",
        "title": "The signature is not valid",
        "status": 401,
        "detail": "The request could not be authenticated.",
        "code": "signature_invalid",
        "retryable": False,
        "request_id": answer.headers["x-request-id"],
    }


def test_two_signatures_are_malformed_whichever_is_right(door: Door) -> None:
    body = charge()
    right, wrong = signature(body), "0" * 128

    for first, second in ((right, wrong), (wrong, right), (right, right)):
        headers = [("X-Paystack-Signature", first), ("X-Paystack-Signature", second)]
        answer = door.post(body, headers=headers)
        assert (answer.status, answer.json["code"]) == (400, "request_malformed")
    assert door.count("inbound_events") == 0


def test_two_content_types_are_malformed(door: Door) -> None:
    body = charge()
    headers = [
        ("X-Paystack-Signature", signature(body)),
        ("Content-Type", "application/json"),
        ("Content-Type", "text/plain"),
    ]

    assert door.post(body, headers=headers).json["code"] == "request_malformed"


def test_who_is_not_configured_is_not_there(door: Door) -> None:
    for path in NOT_CONFIGURED:
        answer = door.post(charge(), path=path)

        assert (answer.status, answer.json["code"]) == (404, "provider_unknown")


def test_another_spelling_of_a_path_is_another_path(door: Door) -> None:
    for path in OTHER_PATHS:
        answer = door.post(charge(), path=path)

        assert (answer.status, answer.json["status"]) == (404, 404)


def test_the_default_account_has_a_name(door: Door) -> None:
    assert door.post(charge(), path="/webhooks/paystack/default").json["status"] == "accepted"
    assert door.post(charge()).json["status"] == "duplicate"


def test_a_webhook_is_posted(door: Door) -> None:
    for method in OTHER_METHODS:
        answer = door.ask(method, "/webhooks/paystack")

        assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_a_body_over_the_limit_is_refused_before_it_is_sent(door: Door) -> None:
    with door.connected() as connection:
        connection.sendall(
            b"POST /webhooks/paystack HTTP/1.1\r\nHost: x\r\n"
            b"Content-Length: %d\r\n\r\n" % (BODY_BYTES_MAX + 1)
        )
        answer = connection.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"body_too_large"' in answer


def test_a_chunked_body_is_counted_and_nothing_of_it_is_kept(door: Door) -> None:
    body = b"x" * (BODY_BYTES_MAX + 1)
    chunks = (body[start : start + 1_000] for start in range(0, len(body), 1_000))
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=10)
    headers = {"X-Paystack-Signature": signature(body)}

    connection.request(
        "POST", "/webhooks/paystack", body=chunks, headers=headers, encode_chunked=True
    )
    answer = connection.getresponse()

    assert (answer.status, json.load(answer)["code"]) == (413, "body_too_large")
    connection.close()
    assert door.count("inbound_events") == 0


def test_a_body_of_exactly_the_limit_is_accepted_in_one_byte_chunks_too(door: Door) -> None:
    body = charge(note="x" * (BODY_BYTES_MAX - len(charge())))
    assert len(body) == BODY_BYTES_MAX
    small = charge(2)
    chunked = b"".join(b"1\r\n%c\r\n" % byte for byte in small) + b"0\r\n\r\n"

    assert door.post(body).status == 200
    assert b"200 OK" in door.raw(
        b"POST /webhooks/paystack HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Transfer-Encoding: chunked\r\nX-Paystack-Signature: %s\r\n\r\n%s"
        % (signature(small).encode(), chunked)
    )
    assert door.count("inbound_events") == 2


def test_a_compressed_body_is_refused(door: Door) -> None:
    for encoding in ENCODINGS:
        body = charge()
        headers = [("X-Paystack-Signature", signature(body)), ("Content-Encoding", encoding)]

        answer = door.post(body, headers=headers)

        assert (answer.status, answer.json["code"]) == (415, "encoding_unsupported")


def test_what_is_too_long_is_refused(door: Door) -> None:
    many = [(f"X-{number}", "1") for number in range(200)]

    assert door.post(b"", path="/webhooks/" + "p" * 5_000).status == 414
    assert door.post(b"", headers=many).status == 431
    assert door.post(b"", headers=[("X-Long", "1" * 30_000)]).status == 431


def test_bad_framing_is_answered_and_ended(door: Door) -> None:
    for head, status in BAD_FRAMING:
        with door.connected() as connection:
            try:
                connection.sendall(head)
            except (ConnectionResetError, BrokenPipeError):
                assert status in {414, 431}
            answer = connection.recv(65_536)

        assert answer.startswith(b"HTTP/1.1 %d " % status)
        assert b"application/problem+json" in answer


def test_a_trailer_is_not_a_header(door: Door) -> None:
    body = charge()

    answer = door.raw(
        b"POST /webhooks/paystack HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\nX-Paystack-Signature: %s\r\n\r\n"
        % (len(body), body, signature(body).encode())
    )

    assert b'"signature_missing"' in answer


def test_an_answer_says_nothing_about_the_server(door: Door) -> None:
    assert "server" not in {name.lower() for name in door.post(charge()).headers}


def test_both_secrets_of_a_rotation_are_accepted(database_url: str, redis_url: str) -> None:
    environment = {"PAYSTACK_WEBHOOK_SECRET": f"{SECRET}, {OLD_SECRET}"}
    with serving(database_url, redis_url, environment=environment) as door:
        assert door.post(charge(1)).status == 200
        assert door.post(charge(2), secret=OLD_SECRET).status == 200
        key_ids = door.rows("SELECT DISTINCT key_id FROM inbound_events")

    assert len(key_ids) == 2
    assert not any(part in str(key_ids) for part in (SECRET, OLD_SECRET))


def test_a_further_account_has_its_own_path_secret_and_keys(
    database_url: str, redis_url: str
) -> None:
    environment = {
        "PAYSTACK_SECRET_KEY": SECRET,
        "PAYSTACK__GHANA_TWO_WEBHOOK_SECRET": OLD_SECRET,
    }
    with serving(database_url, redis_url, environment=environment) as door:
        assert door.post(charge()).json["status"] == "accepted"
        answer = door.post(charge(), path="/webhooks/paystack/ghana-two", secret=OLD_SECRET)
        assert answer.json["status"] == "accepted"
        assert door.post(charge(), path="/webhooks/paystack/ghana-two").status == 401


def test_parallel_copies_of_one_webhook_are_one_event(door: Door) -> None:
    body = charge()
    start = Barrier(16)

    def send(number: int) -> tuple[str, str]:
        if number < 16:
            start.wait()
        answer = door.post(body)
        return answer.json["status"], answer.json["event_id"]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(COPIES)))

    assert sorted(status for status, _ in answers) == ["accepted"] + ["duplicate"] * (COPIES - 1)
    assert len({event_id for _, event_id in answers}) == 1
    assert (door.count("inbound_events"), door.count("inbound_work")) == (1, 1)


def test_health_says_how_the_stores_are(door: Door) -> None:
    def said(method: str) -> object:
        answer = door.ask(method, "/health")
        return answer.status, {name: answer.json[name] for name in ("status", "postgres", "redis")}

    well = (200, {"status": "ok", "postgres": "ok", "redis": "ok"})
    until(lambda: said("GET") == well)
    until(lambda: said("POST") == well)
    assert door.ask("GET", "/livez").status == 200
    assert door.ask("DELETE", "/health").status == 405
