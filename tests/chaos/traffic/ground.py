"""The ground: what the traffic must know of the service that it is sent to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.simulator.provider import Provider


class Ground(Protocol):
    """A service that runs; `tests.chaos.stage.Stage` is one.

    `environment` has the secrets and the direct addresses of the stores, as an operator's command
    needs them. `ingress_urls` are the fronts, which may be slow, silent or away at any time.
    """

    @property
    def folder(self) -> Path:
        """Where the run keeps its files."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Secrets and addresses."""

    @property
    def ingress_urls(self) -> Sequence[str]:
        """Where webhooks and requests of the API go."""

    @property
    def console_url(self) -> str:
        """Where the operators' pages are."""

    @property
    def database_url(self) -> str:
        """The database, past everything that goes wrong between processes."""

    @property
    def provider(self) -> Provider:
        """The simulated APIs that the workers call."""
