"""Transactions upon memory, and all that may go wrong with one."""

from __future__ import annotations

import contextlib
from enum import StrEnum
from typing import TYPE_CHECKING

import psycopg

from tests.simulation.clock import BEGINS
from workers.database import Backend

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.simulation.memory import Memory


class WorkerDied(BaseException):
    """The process is gone: nothing catches this but whoever started it."""


class Fault(StrEnum):
    """What happens to a transaction."""

    RACE_LOST = "the race is lost"
    LOCKED = "a lock is not had in time"
    AWAY = "the store goes away before the commit"
    REPLY_LOST = "the commit is done, its reply is lost"
    DIES_BEFORE = "the worker dies before the commit"
    DIES_AFTER = "the worker dies after the commit"


BEFORE: Mapping[Fault, type[BaseException]] = {
    Fault.RACE_LOST: psycopg.errors.SerializationFailure,
    Fault.LOCKED: psycopg.errors.LockNotAvailable,
    Fault.AWAY: psycopg.OperationalError,
    Fault.DIES_BEFORE: WorkerDied,
}
AFTER: Mapping[Fault, type[BaseException]] = {
    Fault.REPLY_LOST: psycopg.OperationalError,
    Fault.DIES_AFTER: WorkerDied,
}


def _raise(faults: Mapping[Fault, type[BaseException]], fault: Fault | None) -> None:
    if fault is not None and fault in faults:
        raise faults[fault](fault)


class MemoryDatabase:
    """Opens transactions as `workers.database.Database` does; `fault` strikes once.

    `after` says how many transactions pass before it strikes.
    """

    def __init__(self, memory: Memory, fault: Fault | None = None, after: int = 0) -> None:
        self.memory = memory
        self._fault = fault
        self._after = after

    @contextlib.contextmanager
    def transaction(self, *, durable: bool = True, snapshot: bool = False) -> Iterator[Memory]:
        del durable, snapshot
        fault = self._strikes()
        try:
            yield self.memory
            _raise(BEFORE, fault)
        except BaseException:
            self.memory.rollback()
            raise
        self.memory.commit()
        _raise(AFTER, fault)

    @contextlib.contextmanager
    def statement(self) -> Iterator[Memory]:
        try:
            yield self.memory
        except BaseException:
            self.memory.rollback()
            raise
        self.memory.commit()

    def backend(self) -> Backend:
        return Backend(1, BEGINS)

    def _strikes(self) -> Fault | None:
        if self._after > 0:
            self._after -= 1
            return None
        fault, self._fault = self._fault, None
        return fault
