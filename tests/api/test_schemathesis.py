"""Every answer is as the description says, whatever is sent: asked by Schemathesis, bounded."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ingress.api import openapi
from ingress.api.models_payments import WAIT_S_MAX
from ingress.api.routes import OPERATIONS
from tests.api.serving import Service, api_serving, new_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import APIOperation, Case

    from tests.ingress.serving import Door

PUBLIC = {"getHealth", "getLivez", "getReadyz", "receiveWebhook"}

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

EXAMPLES_MAX = 6
"""Requests of each operation and of each mode."""

WAIT_S = 0.1
"""Seconds that a request which may wait does wait."""

OPERATIONS_MIN = {
    GenerationMode.POSITIVE: len(OPERATIONS) + len(PUBLIC),
    GenerationMode.NEGATIVE: len(OPERATIONS) - 4,
}
"""Operations that each mode must have found something to send to."""


@pytest.fixture(scope="module")
def described() -> list[APIOperation[Any, Any, Any, Any]]:
    """What the API is described to do: read once, it takes a second."""
    schema = schemathesis.openapi.from_dict(json.loads(openapi.description(OPERATIONS)))
    return [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]


@pytest.fixture
def busy(database_url: str, redis_url: str) -> Iterator[Busy]:
    """A service that has a payment, on an API that limits it by nothing to speak of."""
    key = new_client(database_url, "busy", initialize="100000/second", verify="100000/second")
    with api_serving(database_url, redis_url) as door, requests.Session() as session:
        service = Service(door, "busy", key)
        assert service.create(reference="r").status == 202
        yield Busy(service, session)


class Busy:
    """A service that sends what Schemathesis makes up, over connections that it keeps."""

    def __init__(self, service: Service, session: requests.Session) -> None:
        self._url = f"http://127.0.0.1:{service.door.port}"
        self._headers = {"Authorization": f"Bearer {service.key}"}
        self._session = session

    def ask(self, case: Case[Any]) -> None:
        """Send it, now and then about a payment that is there, and look at the answer."""
        if len(case.path_parameters.get("reference", "")) % 2:
            case.path_parameters["reference"] = "r"
        wait_s = case.query.get("wait")
        if isinstance(wait_s, int | float) and WAIT_S < wait_s <= WAIT_S_MAX:
            case.query["wait"] = WAIT_S
        case.call_and_validate(
            base_url=self._url, session=self._session, headers=self._headers, checks=CHECKS
        )


@pytest.mark.filterwarnings("ignore:Do not use the .random. module inside strategies")
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_as_it_is_described(
    busy: Busy, described: list[APIOperation[Any, Any, Any, Any]], mode: GenerationMode
) -> None:
    asked: Counter[str] = Counter()
    for operation in described:

        @hypothesis.settings(
            max_examples=EXAMPLES_MAX,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],
        )
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def run(case: Case[Any]) -> None:
            asked[case.operation.definition.raw["operationId"]] += 1
            busy.ask(case)

        # Of what takes no input nothing wrong can be made up.
        with contextlib.suppress(Unsatisfiable):
            run()
    assert len(asked) >= OPERATIONS_MIN[mode]


def test_all_that_is_served_is_described_and_nothing_else_is(
    door: Door, described: list[APIOperation[Any, Any, Any, Any]]
) -> None:
    names = {operation.definition.raw["operationId"] for operation in described}
    assert names == {operation.name for operation in OPERATIONS} | PUBLIC
    assert door.ask("GET", "/openapi.json").body == openapi.description(OPERATIONS)
