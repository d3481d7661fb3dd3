"""One sender a module, `SENDER`; the module's name is the provider's, with `_` for `-`."""

from __future__ import annotations

import importlib
import pkgutil
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conformance.sender import Sender


def _found() -> tuple[Sender, ...]:
    modules = [module.name for module in pkgutil.iter_modules(__path__)]
    found = [importlib.import_module(f"{__name__}.{name}").SENDER for name in modules]
    return tuple(sorted(found, key=attrgetter("name")))


SENDERS: tuple[Sender, ...] = _found()
"""Every sender, in the order of their names."""

BY_NAME: Mapping[str, Sender] = MappingProxyType({sender.name: sender for sender in SENDERS})
