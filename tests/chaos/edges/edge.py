"""An edge as the lab sees it: where it listens, and what can go wrong on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

Direction = Literal["to_server", "to_client", "both"]


class Ask(Protocol):
    """Asks the proxy process and returns its answer; raises EdgesFailed."""

    def __call__(self, edge: str, do: str, **details: Any) -> Any:
        """Ask."""


class Edge:
    """One place where two of us talk over TCP. Every method may be called from any thread.

    Each takes effect before it returns, for connections that are there as well as for new ones, and
    lasts until `heal` where it does not say otherwise. Faults of several kinds may be on at once.
    Raises EdgesFailed when the proxy process is gone.
    """

    def __init__(self, name: str, port: int, ask: Ask) -> None:
        self.name = name
        self.port = port
        self._ask = ask

    def __repr__(self) -> str:
        return f"Edge({self.name!r}, port={self.port})"

    @property
    def address(self) -> str:
        """Host and port to connect to."""
        return f"127.0.0.1:{self.port}"

    @property
    def counts(self) -> Mapping[str, int]:
        """What went by so far.

        connections, refused, reset, reset_for_a_hole, server_away, answers_lost, bytes_to_server,
        bytes_to_client, bytes_swallowed; what never happened is missing. `live` is how many
        connections there are now.
        """
        counted: dict[str, int] = self._ask(self.name, "count")
        return counted

    def delay(self, ms: float, jitter_ms: float = 0) -> None:
        """Let bytes arrive so much later, on each way; jitter reorders nothing."""
        self._ask(self.name, "delay", ms=ms, jitter_ms=jitter_ms)

    def throttle(self, bytes_per_s: float) -> None:
        """Let each connection carry so much, on each way."""
        self._ask(self.name, "throttle", bytes_per_s=bytes_per_s)

    def blackhole(self, direction: Direction) -> None:
        """Swallow what goes this way; connections stay, and can be made.

        An end that hangs up is not told to the other either. When it is healed, a connection of
        which something was swallowed is reset, for its stream has a hole.
        """
        self._ask(self.name, "blackhole", direction=direction)

    def reset(self) -> int:
        """Reset (RST) all connections of this moment; return how many they were."""
        cut: int = self._ask(self.name, "reset")
        return cut

    def refuse(self) -> None:
        """Reset each new connection at once; those that are there go on."""
        self._ask(self.name, "refuse")

    def lose_answer(self, after: bytes, count: int = 1) -> None:
        """Lose the answers to the next `count` requests that have `after` in them.

        The request arrives and is carried out; the first bytes that the server then says on that
        connection are dropped, and the connection is reset. `after=b"COMMIT"` loses the reply to a
        commit.
        """
        self._ask(self.name, "lose_answer", after=after.hex(), count=count)

    def drop_next_answer(self) -> None:
        """Lose the next bytes that the server says on any connection, and reset that one."""
        self._ask(self.name, "drop_next_answer")

    def aim(self, server: str | tuple[str, int]) -> None:
        """Connect new connections to another server: a unix socket's path, or host and port."""
        self._ask(self.name, "aim", server=server)

    def heal(self) -> None:
        """Have no faults any more; bytes that were under way arrive at once."""
        self._ask(self.name, "heal")
