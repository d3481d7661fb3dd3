"""Each fault of an edge does what it says, to live connections at once, and is over when healed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.chaos.edges import Edges
from tests.chaos.errors import EdgesFailed
from tests.dev import processes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chaos.conftest import Ends
    from tests.chaos.edges import Direction, Edge

SHORT_S = 0.3
"""Long enough for bytes that are not stopped to arrive."""

FLOOD_BYTES = 64_000_000
KEPT_BYTES_MAX = 16_000_000
"""More than the proxy and the kernel's buffers keep of bytes that nobody takes."""

HOLDS_EDGES = """
import sys, time
from pathlib import Path
from tests.chaos.edges import Edges
with Edges(Path(sys.argv[1])) as edges:
    print(edges.pid, edges.open("one", "/nowhere").port, flush=True)
    time.sleep(60)
"""


def receive(end: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size and (part := end.recv(size - len(got))):
        got += part
    return got


def says_nothing(end: socket.socket) -> bool:
    end.settimeout(SHORT_S)
    try:
        end.recv(1)
    except TimeoutError:
        return True
    finally:
        end.settimeout(10.0)
    return False


def is_reset(end: socket.socket) -> bool:
    try:
        end.recv(1)
    except ConnectionResetError:
        return True
    return False


def newcomer_is_reset(ends: Ends) -> bool:
    """Tell whether a new connection is reset, while it is being made or right after."""
    try:
        return is_reset(ends.client())
    except ConnectionResetError:
        return True


def through(edge: Edge, database_url: str) -> str:
    return make_conninfo(database_url, host="127.0.0.1", port=edge.port, sslmode="disable")


def open_before_postgres(edges: Edges, database_url: str, name: str) -> Edge:
    told = conninfo_to_dict(database_url)
    return edges.open(name, f"{told['host']}/.s.PGSQL.{told['port']}")


def test_bytes_pass_both_ways_and_are_counted(ends: Ends) -> None:
    client, server = ends.pair()
    client.sendall(b"ask")
    assert receive(server, 3) == b"ask"
    server.sendall(b"answer")
    assert receive(client, 6) == b"answer"

    assert ends.edge.counts == {
        "connections": 1,
        "bytes_to_server": 3,
        "bytes_to_client": 6,
        "live": 1,
    }


def test_an_end_that_has_no_more_to_say_still_hears_the_other(ends: Ends) -> None:
    client, server = ends.pair()
    client.shutdown(socket.SHUT_WR)
    assert server.recv(1) == b""

    server.sendall(b"late")
    server.close()

    assert receive(client, 5) == b"late"
    assert processes.wait_until(lambda: ends.edge.counts["live"] == 0)


def test_a_server_that_is_away_resets_the_client_and_can_come_back(ends: Ends) -> None:
    ends.edge.aim("/nowhere/socket")
    assert newcomer_is_reset(ends)
    assert ends.edge.counts["server_away"] == 1

    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        ends.edge.aim(elsewhere.getsockname())
        client = ends.client()
        client.sendall(b"back")
        server, _ = elsewhere.accept()
        with server:
            assert receive(server, 4) == b"back"


def test_a_delay_is_added_on_each_way(ends: Ends) -> None:
    client, server = ends.pair()
    ends.edge.delay(150)
    began_s = time.monotonic()
    client.sendall(b"a")
    server.sendall(receive(server, 1))
    receive(client, 1)

    assert 0.3 <= time.monotonic() - began_s < 5.0


def test_what_is_under_way_arrives_at_once_when_a_slow_edge_is_healed(ends: Ends) -> None:
    client, server = ends.pair()
    ends.edge.delay(60_000)
    client.sendall(b"late")
    client.shutdown(socket.SHUT_WR)
    assert says_nothing(server)

    ends.edge.heal()

    assert receive(server, 5) == b"late"


def test_jitter_reorders_nothing(ends: Ends) -> None:
    client, server = ends.pair()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    ends.edge.delay(20, jitter_ms=20)
    said = b"".join(b"%04d" % number for number in range(100))
    for start in range(0, len(said), 4):
        client.sendall(said[start : start + 4])
        time.sleep(0.001)

    assert receive(server, len(said)) == said


def test_a_throttled_connection_carries_its_rate_and_no_more(ends: Ends) -> None:
    client, server = ends.pair()
    ends.edge.throttle(20_000)
    began_s = time.monotonic()
    client.sendall(bytes(10_000))
    assert len(receive(server, 1_000)) == 1_000
    assert time.monotonic() - began_s < 0.4
    receive(server, 9_000)

    assert 0.45 <= time.monotonic() - began_s < 5.0


@pytest.mark.parametrize(
    ("direction", "heard"),
    [("to_server", (False, True)), ("to_client", (True, False)), ("both", (False, False))],
)
def test_a_black_hole_swallows_one_way_or_both_and_the_hole_is_reset_when_healed(
    ends: Ends, direction: Direction, heard: tuple[bool, bool]
) -> None:
    client, server = ends.pair()
    ends.edge.blackhole(direction)
    client.sendall(b"c")
    server.sendall(b"s")
    assert (not says_nothing(server), not says_nothing(client)) == heard

    ends.edge.heal()

    assert is_reset(client)
    assert is_reset(server)
    fresh_client, fresh_server = ends.pair()
    fresh_client.sendall(b"fresh")
    assert receive(fresh_server, 5) == b"fresh"


def test_a_connection_of_which_a_black_hole_swallowed_nothing_goes_on(ends: Ends) -> None:
    client, server = ends.pair()
    ends.edge.blackhole("both")
    ends.edge.heal()

    client.sendall(b"on")

    assert receive(server, 2) == b"on"


def test_who_hangs_up_into_a_black_hole_is_not_missed_until_it_is_healed(ends: Ends) -> None:
    client, server = ends.pair()
    ends.edge.blackhole("to_server")
    client.close()
    assert says_nothing(server)

    ends.edge.heal()

    assert server.recv(1) == b""


def test_a_reset_reaches_both_ends_of_every_connection_and_spares_later_ones(ends: Ends) -> None:
    pairs = [ends.pair() for _ in range(3)]

    assert ends.edge.reset() == 3

    assert all(is_reset(end) for pair in pairs for end in pair)
    client, server = ends.pair()
    client.sendall(b"new")
    assert receive(server, 3) == b"new"


def test_a_refusing_edge_resets_newcomers_only(ends: Ends) -> None:
    client, server = ends.pair()
    ends.edge.refuse()

    assert newcomer_is_reset(ends)
    client.sendall(b"old")
    assert receive(server, 3) == b"old"
    assert ends.edge.counts["refused"] == 1


def test_the_answer_to_a_request_in_two_parts_is_lost_once_and_the_request_is_not(
    ends: Ends,
) -> None:
    client, server = ends.pair()
    ends.edge.lose_answer(b"COMMIT")
    client.sendall(b"begin; COM")
    receive(server, 10)
    client.sendall(b"MIT;")
    assert receive(server, 4) == b"MIT;"
    server.sendall(b"done")

    assert is_reset(client)
    client, server = ends.pair()
    client.sendall(b"COMMIT")
    receive(server, 6)
    server.sendall(b"done")
    assert receive(client, 4) == b"done"
    assert ends.edge.counts["answers_lost"] == 1


def test_other_answers_than_the_one_to_be_lost_arrive(ends: Ends) -> None:
    client, server = ends.pair()
    ends.edge.lose_answer(b"COMMIT")
    client.sendall(b"SELECT")
    receive(server, 6)
    server.sendall(b"row")

    assert receive(client, 3) == b"row"


def test_dropping_the_next_answer_spares_the_one_after_it(ends: Ends) -> None:
    first, second = ends.pair(), ends.pair()
    ends.edge.drop_next_answer()
    first[1].sendall(b"lost")
    assert is_reset(first[0])

    second[1].sendall(b"kept")

    assert receive(second[0], 4) == b"kept"


def test_a_commit_whose_reply_was_lost_has_been_carried_out(
    edges: Edges, database_url: str
) -> None:
    edge = open_before_postgres(edges, database_url, "before postgres")
    with psycopg.connect(database_url) as direct:
        direct.execute("CREATE TABLE kept (id int)")
        direct.commit()
        edge.lose_answer(b"COMMIT")
        with psycopg.connect(through(edge, database_url)) as connection:
            connection.execute("INSERT INTO kept VALUES (1)")
            with pytest.raises(psycopg.OperationalError):
                connection.commit()

        assert direct.execute("SELECT id FROM kept").fetchall() == [(1,)]
    with psycopg.connect(through(edge, database_url)) as connection:
        connection.execute("INSERT INTO kept VALUES (2)")


def test_a_valkey_behind_a_black_hole_does_what_it_is_told_and_nobody_hears_of_it(
    edges: Edges, redis_url: str
) -> None:
    told = redis.connection.parse_url(redis_url)  # type: ignore[no-untyped-call]
    edge = edges.open("before valkey", told["path"])
    with (
        redis.Redis(
            port=edge.port, db=told["db"], socket_timeout=SHORT_S, retry=Retry(NoBackoff(), 0)
        ) as client,
        redis.Redis.from_url(redis_url) as direct,
    ):
        assert client.ping()
        edge.blackhole("to_client")
        with pytest.raises(redis.TimeoutError):
            client.incr("done", 1)
        edge.heal()

        assert direct.get("done") == b"1"
        assert client.ping()


def test_what_nobody_takes_is_not_kept_by_the_proxy_without_end(ends: Ends) -> None:
    client, _ = ends.pair()
    client.settimeout(2 * SHORT_S)
    sent, part = 0, bytes(1_000_000)
    with contextlib.suppress(TimeoutError):
        while sent < FLOOD_BYTES:
            sent += client.send(part)

    assert sent < KEPT_BYTES_MAX


def test_threads_that_ask_at_the_same_moment_each_get_their_own_answer(
    edges: Edges, ends: Ends
) -> None:
    others = [edges.open(f"{ends.edge.name} {number}", "/nowhere") for number in range(4)]
    barrier = threading.Barrier(len(others) + 1)
    wrong: list[str] = []

    def ask(edge: Edge, live: int) -> None:
        barrier.wait()
        wrong.extend(edge.name for _ in range(50) if edge.counts["live"] != live)

    ends.pair()
    asking = [(ends.edge, 1), *((edge, 0) for edge in others)]
    threads = [threading.Thread(target=ask, args=each) for each in asking]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_proxy_that_died_is_told_by_its_name(tmp_path: Path) -> None:
    with Edges(tmp_path / "edges.log") as edges:
        edge = edges.open("one", "/nowhere")
        os.kill(edges.pid, signal.SIGKILL)

        with pytest.raises(EdgesFailed, match="proxy process"):
            edge.heal()


def test_what_the_proxy_cannot_do_is_said_and_harms_nothing(ends: Ends) -> None:
    with pytest.raises(EdgesFailed, match="sideways"):
        ends.edge.blackhole("sideways")  # type: ignore[arg-type]

    assert ends.edge.counts == {"live": 0}


def test_the_proxy_ends_with_a_lab_that_is_killed(tmp_path: Path) -> None:
    lab = subprocess.Popen(
        [sys.executable, "-c", HOLDS_EDGES, str(tmp_path / "edges.log")],
        cwd=processes.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert lab.stdout is not None
    with lab.stdout:
        proxy_pid = int(lab.stdout.readline().split()[0])
        assert processes.is_alive(proxy_pid)

        lab.kill()
        lab.wait()

    assert processes.wait_until(lambda: not processes.is_alive(proxy_pid))
