"""The accounts of providers that are asked and nothing else, spelled by the names of variables.

`<PROVIDER>[__<ACCOUNT>]_API_KEY` has an account asked. Beside it stand `_MODE` (live or test, where
the key does not say), `_API_URL` and, where keys are exchanged elsewhere, `_TOKEN_URL`, and what
else the provider's dialect declares. The provider is in upper case with `-` as `_`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from domain.delivery import Mode
from domain.providers.look_up import KEY
from domain.providers.look_ups import LOOK_UPS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from domain.providers.look_up import LookUp

    Environment = Mapping[str, str]

DEFAULT_ACCOUNT = "default"

_ACCOUNT = re.compile(r"[A-Z0-9]+(?:_[A-Z0-9]+)*")


@dataclass(frozen=True, slots=True)
class LookUpAccount:
    """An account that may be asked. `tokens_url` is "" where keys are exchanged at `url`."""

    key: SecretStr
    values: Mapping[str, SecretStr]
    mode: Mode | None
    url: str
    tokens_url: str


def read(
    environment: Environment, base_url: Callable[[str], str]
) -> dict[tuple[str, str], LookUpAccount]:
    """Return every account that has a key. `base_url` returns an address, or raises ValueError.

    Raises SystemExit, naming the variable and never its value, for what has no possible form, for
    what is missing beside a key, and for a mode that contradicts the key.
    """
    found = {}
    for look_up in LOOK_UPS.values():
        prefix = look_up.name.upper().replace("-", "_")
        pattern = re.compile(f"({prefix}(?:__(.+))?)_{KEY}")
        for variable in sorted(environment):
            match = pattern.fullmatch(variable)
            if match is None:
                continue
            stem, name = match[1], match[2]
            if name is not None and _ACCOUNT.fullmatch(name) is None:
                raise SystemExit(f"settings_refused: {variable}: names no account")
            account = name.lower().replace("_", "-") if name else DEFAULT_ACCOUNT
            found[look_up.name, account] = _account(environment, look_up, stem, base_url)
    return found


def _account(
    environment: Environment, look_up: LookUp, stem: str, base_url: Callable[[str], str]
) -> LookUpAccount:
    key = environment[f"{stem}_{KEY}"].split(",")[0].strip()
    if re.fullmatch(look_up.key.form, key) is None:
        raise _refused(f"{stem}_{KEY}", f"{look_up.key.meaning} is expected")
    mode = _mode(environment, look_up, stem, key)

    def url(ending: str, default: str) -> str:
        try:
            return base_url(environment.get(f"{stem}_{ending}", default))
        except ValueError as error:
            raise _refused(f"{stem}_{ending}", str(error)) from None

    tokens_url = look_up.tokens_url(mode)
    return LookUpAccount(
        SecretStr(key),
        _values(environment, look_up, stem),
        mode,
        url("API_URL", look_up.url(mode)),
        url("TOKEN_URL", tokens_url) if tokens_url else "",
    )


def _values(environment: Environment, look_up: LookUp, stem: str) -> dict[str, SecretStr]:
    values = {}
    for setting in look_up.settings:
        variable = f"{stem}_{setting.name}"
        text = environment.get(variable)
        if text is None and setting.is_required:
            raise _refused(variable, f"{setting.meaning} is missing")
        if text is not None and re.fullmatch(setting.form, text) is None:
            raise _refused(variable, f"{setting.meaning} is expected")
        if text is not None:
            values[setting.name] = SecretStr(text)
    return values


def _mode(environment: Environment, look_up: LookUp, stem: str, key: str) -> Mode | None:
    told, said = look_up.mode_of(key), environment.get(f"{stem}_MODE")
    if said is None and told is None and look_up.test_url:
        # Nothing else would tell play money from money, should the address be that of the sandbox.
        raise _refused(f"{stem}_MODE", "live or test is expected, for the key does not say")
    if said is None:
        return told
    if said not in set(Mode):
        raise _refused(f"{stem}_MODE", "live or test is expected")
    if told is not None and said != told:
        raise _refused(f"{stem}_MODE", f"contradicts the key in {stem}_{KEY}")
    return Mode(said)


def _refused(variable: str, why: str) -> SystemExit:
    return SystemExit(f"settings_refused: {variable}: {why}")
