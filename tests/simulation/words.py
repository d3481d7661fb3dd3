"""Words: what a simulated event says, by its bytes. Dialects are tested elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.errors import Permanent

if TYPE_CHECKING:
    from domain.delivery import Said
    from workers.store.inbox import Work

SOURCE = "simulated"
ACCOUNT = "default"


class Message(NamedTuple):
    """An event on its way here: its key, its bytes, and whom the door can see that it is about."""

    key: str
    body: bytes
    reference: str | None


class Words:
    """What the bytes of this history's events mean. One history is played at a time."""

    def __init__(self) -> None:
        self._meaning: dict[bytes, Said | Exception] = {}
        self._later: dict[bytes, Said] = {}
        self._is_mended = False

    def forget(self) -> None:
        self.__init__()  # type: ignore[misc]

    def of(self, said: Said | Permanent, reference: str | None) -> Message:
        """Put it into bytes."""
        number = len(self._meaning) + 1
        body = b"%d" % number
        self._meaning[body] = said
        return Message(f"evt-{number}", body, reference)

    def unreadable(self, said: Said, reference: str | None) -> Message:
        """Put it into bytes that this version chokes on, until somebody mends that."""
        message = self.of(said, reference)
        self._later[message.body] = said
        if not self._is_mended:
            self._meaning[message.body] = RuntimeError("nobody foresaw this")
        return message

    def mend(self) -> None:
        """Have everything be readable from now on."""
        self._is_mended = True
        self._meaning |= self._later

    def say(self, work: Work) -> Said | Permanent:
        """Stand where `workers.translating.say` does."""
        meant = self._meaning[work.body]
        if isinstance(meant, Exception) and not isinstance(meant, Permanent):
            raise meant
        return meant


WORDS = Words()
