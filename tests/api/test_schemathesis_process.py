"""The real process answers as it describes itself, whatever is sent: asked by Schemathesis.

`PAYRATCHET_SCHEMATHESIS_EXAMPLES=1000` asks for more of each operation, and takes that much longer.
"""

from __future__ import annotations

import contextlib
import hmac
import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis.errors import Unsatisfiable
from requests.auth import AuthBase
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ingress.api.models_payments import WAIT_S_MAX
from tests.hostile import ground
from tests.hostile.ground import SECRET, SHOP, Ground

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemathesis import APIOperation, Case

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = int(os.environ.get("PAYRATCHET_SCHEMATHESIS_EXAMPLES", "20"))
"""Requests of each operation and of each of the two modes."""

STRANGERS = 4
"""Requests of each operation without a key, and with a wrong one."""

EXAMPLES_MIN = 5
"""Requests that each operation must have been sent of all those that were made up."""

WAIT_S = 0.1
"""Seconds that a request which may wait does wait."""

KNOWN = ("paid-1", "asked-1", "foreign-1")
"""Payments that are there: one that is paid, one that was asked for, one of somebody else."""

GROWTH_BYTES_MAX = 32 * 1024 * 1024
"""Memory that the process may take for all of it."""


class Credentials(AuthBase):
    """Signs what goes to a webhook as Paystack does, and shows a key anywhere else."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if "/webhooks/" in (request.url or ""):
            body = request.body or b""
            sent = body if isinstance(body, bytes) else str(body).encode()
            code = hmac.new(SECRET.encode(), sent, "sha512").hexdigest()
            request.headers["x-paystack-signature"] = code
        else:
            request.headers["authorization"] = f"Bearer {SHOP}"
        return request


@pytest.fixture
def server(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Ground]:
    ground.prepare(database_url)
    with ground.running(database_url, redis_url, tmp_path / "log") as running:
        yield running


class Asker:
    """Sends what is made up, about payments that are there as often as about others."""

    def __init__(self, server: Ground, session: requests.Session) -> None:
        self.asked: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self._url = f"http://127.0.0.1:{server.port}"
        self._session = session

    def ask(self, case: Case[Any]) -> None:
        """Send it and look at the answer: it is as described, and no fault but an honest 503."""
        self.asked[case.operation.definition.raw["operationId"]] += 1
        reference = case.path_parameters.get("reference", "")
        if isinstance(reference, str) and len(reference) % 2:
            case.path_parameters["reference"] = KNOWN[len(reference) % len(KNOWN)]
        if "provider" in case.path_parameters and self.asked.total() % 2:
            case.path_parameters["provider"] = "paystack"
        wait_s = case.query.get("wait")
        if isinstance(wait_s, int | float) and WAIT_S < wait_s <= WAIT_S_MAX:
            case.query["wait"] = WAIT_S
        answer = case.call(base_url=self._url, session=self._session, auth=Credentials())
        self.statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            assert answer.status_code == 503, case.as_curl_command()
            assert answer.headers["content-type"] == ["application/problem+json"]
        case.validate_response(answer, checks=CHECKS)


def bounded(ask: Any, examples: int = EXAMPLES) -> Any:
    """Ask for so many examples, the same ones in each run."""
    return hypothesis.settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )(ask)


def described(server: Ground) -> list[APIOperation[Any, Any, Any, Any]]:
    """Return all operations that the process says it has."""
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/openapi.json")
    return [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]


@pytest.mark.filterwarnings("ignore:Do not use the .random. module inside strategies")
def test_the_process_answers_as_it_describes_itself_whatever_is_sent(server: Ground) -> None:
    operations = described(server)
    before_bytes = server.memory_bytes()
    with requests.Session() as session:
        asker = Asker(server, session)
        for operation in operations:
            for mode in GenerationMode:
                run = hypothesis.given(case=operation.as_strategy(generation_mode=mode))(asker.ask)
                # Of what takes no input nothing wrong can be made up.
                with contextlib.suppress(Unsatisfiable):
                    bounded(run)()

    names = {operation.definition.raw["operationId"] for operation in operations}
    takes_nothing = {"getHealth", "getLivez", "getReadyz"}
    assert names == asker.asked.keys()
    assert min(asker.asked[name] for name in names - takes_nothing) >= min(EXAMPLES, EXAMPLES_MIN)
    assert {200, 202, 400, 404, 422} <= asker.statuses.keys()
    assert server.memory_bytes() - before_bytes < GROWTH_BYTES_MAX


@pytest.mark.filterwarnings("ignore:Do not use the .random. module inside strategies")
def test_whoever_shows_no_key_or_a_wrong_one_is_told_nothing(server: Ground) -> None:
    asked: Counter[str] = Counter()
    for operation in described(server):
        if not operation.path.startswith("/v1/"):
            continue

        def ask(case: Case[Any]) -> None:
            asked[case.operation.label] += 1
            case.headers.pop("Authorization", None)
            if asked.total() % 2:
                case.headers["Authorization"] = f"Bearer {SHOP[:-1]}"
            answer = case.call(base_url=f"http://127.0.0.1:{server.port}")
            assert answer.status_code == 401, case.as_curl_command()

        bounded(hypothesis.given(case=operation.as_strategy())(ask), examples=STRANGERS)()
    assert len(asked) >= 10
