"""Look-ups: asking the providers whose events prove nothing.

Such a provider is asked what became of a payment, and is asked for nothing else. A dialect is a
conversation: it yields requests, is sent their answers, and returns what they prove. Somebody else
carries them.
"""

from __future__ import annotations

import base64
import re
from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from domain.asking import Told
from domain.delivery import Mode, Setting
from domain.errors import ProviderForbids
from domain.providers.api import (
    AnswerUnclear,
    ApiAnswer,
    ApiRequest,
    is_success,
    refusal,
    require_meaning,
    require_permitted,
    understand,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.asking import Asking
    from domain.providers.api import Pairs

Asks = Generator[ApiRequest, ApiAnswer, Told]
"""A conversation: requests go out, their answers come in, what they prove is returned."""

Tree = dict[str, Any]

KEY = "API_KEY"
"""The setting without which an account is not asked."""

MISSING = 404

_WORD_BREAK = re.compile(r"[_-]")
_TOKEN = re.compile(r"[!-~]{8,4096}")
_DIGITS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Access:
    """Who asks: an account's key, the rest of its settings by name, its world, and the time."""

    key: str = field(repr=False)
    values: Mapping[str, str] = field(repr=False)
    mode: Mode | None
    now_s: int


@dataclass(frozen=True, slots=True)
class Token:
    """What a key is exchanged for, and for how many seconds it is good."""

    value: str = field(repr=False)
    lives_s: int


class LookUp(ABC):
    """A provider that can be asked.

    `live_url` and `test_url` are its API's, by the world of the account; `tokens_live_url` and
    `tokens_test_url` where keys are exchanged, if that is another host. `key` is what the account
    shows, a word of which may say its world; `settings` are what else it needs. `doubts` is what
    was not confirmed by anything that was read.
    """

    name: ClassVar[str]
    live_url: ClassVar[str]
    test_url: ClassVar[str] = ""
    tokens_live_url: ClassVar[str] = ""
    tokens_test_url: ClassVar[str] = ""
    key: ClassVar[Setting]
    key_says_mode: ClassVar[bool] = False
    settings: ClassVar[tuple[Setting, ...]] = ()
    doubts: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def ask(self, asking: Asking, access: Access) -> Asks:
        """Ask what became of the payment.

        Raises ProviderRefused for a hint that names nothing there, NothingFound where nothing is
        known of what was asked for otherwise, PayloadInvalid and the like for an answer that is
        not as documented or is about another payment.
        """

    def headers(self, access: Access, token: str | None) -> Pairs:
        """Return what shows who asks: the token or the key as a bearer's, unless overridden."""
        return (("Authorization", f"Bearer {token or access.key}"),)

    def token_request(self, access: Access) -> ApiRequest | None:
        """Return how the key is exchanged for a token; None: it shows the key itself."""
        del access
        return None

    def read_token(self, answer: ApiAnswer) -> Token:
        """Return what the key was exchanged for. Raises ProviderForbids where it is not accepted.

        Who names a client that is not there is refused with 400, and may just as well not come in.
        """
        require_meaning(answer)
        tree = tree_of(answer)
        if not is_success(answer):
            raise ProviderForbids("our key is not accepted", http_status=answer.status)
        value, lives_s = tree.get("access_token"), str(tree.get("expires_in"))
        if (
            not isinstance(value, str)
            or not _TOKEN.fullmatch(value)
            or not _DIGITS.fullmatch(lives_s)
        ):
            raise AnswerUnclear("the answer has no token", http_status=answer.status)
        return Token(value, int(lives_s))

    def accept(self, answer: ApiAnswer) -> ApiAnswer:
        """Return an answer that the conversation goes on with: a success, or that nothing is there.

        Raises what else its status proves.
        """
        require_meaning(answer)
        if is_success(answer):
            return answer
        understand(answer, lambda tree: tree)
        require_permitted(answer)
        if answer.status == MISSING:
            return answer
        raise refusal(answer, None)

    def mode_of(self, key: str) -> Mode | None:
        """Return the world that a key belongs to, where its form says so."""
        if not self.key_says_mode:
            return None
        words = set(_WORD_BREAK.split(key.lower()))
        if words & {"test", "sandbox", "development"}:
            return Mode.TEST
        return Mode.LIVE if words & {"live", "production"} else None

    def url(self, mode: Mode | None) -> str:
        """Return where the API is; of an account whose world nobody knows, the live one."""
        return self.test_url if mode is Mode.TEST and self.test_url else self.live_url

    def tokens_url(self, mode: Mode | None) -> str:
        """Return where keys are exchanged; "" where that is a part of the API."""
        is_test = mode is Mode.TEST and self.tokens_test_url
        return self.tokens_test_url if is_test else self.tokens_live_url


def key(meaning: str, form: str = r"[!-~]{8,512}") -> Setting:
    """Declare what an account shows."""
    return Setting(KEY, meaning, form)


def basic(user: str, password: str = "") -> Pairs:
    """Return a name and a password as HTTP writes them."""
    code = base64.b64encode(f"{user}:{password}".encode()).decode()
    return (("Authorization", f"Basic {code}"),)


def tree_of(answer: ApiAnswer) -> Tree:
    """Return the object that an answer is."""
    return understand(answer, lambda tree: tree)
