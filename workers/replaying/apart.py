"""Apart: a body that killed its readers is read in a process of its own, which may die of it.

Run as `python -m workers.replaying.apart`: one JSON object on stdin, one on stdout. Whoever asks
lives on, and says what became of the child.
"""

from __future__ import annotations

import base64
import json
import resource
import subprocess
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from domain.editing import EditRefused, written
from workers.replaying.edit_reading import Given, Read, changed, read

if TYPE_CHECKING:
    from collections.abc import Sequence

READ_S_MAX = 10.0
"""How long the child may take: it starts, and reads one body, which takes others a millisecond. The
caller has a transaction open, which may be idle for longer."""

READ_BYTES_MAX = 1024**3
"""Memory that the child may take; what wants more dies of it, and nobody else does."""


def changed_apart(
    before: bytes, changes: Sequence[tuple[str, object]], *, within_s: float = READ_S_MAX
) -> bytes:
    """Set places of a body, as `changed` does. Raises EditRefused, also where the child dies."""
    told = [[path, written(value)] for path, value in changes]
    answer = _ask({"before": _text(before), "changes": told}, within_s)
    return base64.b64decode(answer["after"])


def read_apart(given: Given, *, within_s: float = READ_S_MAX) -> Read:
    """Read an edit, as `read` does. Raises EditRefused, also where the child dies."""
    bodies = {"before": _text(given.before), "after": _text(given.after)}
    return Read(**_ask({**given._asdict(), **bodies}, within_s))


def _ask(question: dict[str, Any], within_s: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "workers.replaying.apart"]
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command,
            input=json.dumps(question).encode(),
            capture_output=True,
            check=False,
            timeout=within_s,
        )
    except subprocess.TimeoutExpired:
        raise EditRefused(_died(f"did not end within {within_s:.0f} s")) from None
    if done.returncode != 0:
        raise EditRefused(_died(f"ended with {done.returncode}"))
    answer: dict[str, Any] = json.loads(done.stdout)
    if "refused" in answer:
        raise EditRefused(answer["refused"])
    return answer


def _died(how: str) -> str:
    return f"the body kills whoever reads it: a process of its own {how}. Nothing was changed"


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    question["before"] = base64.b64decode(question["before"])
    try:
        if "changes" in question:
            changes = [(path, _value(text)) for path, text in question["changes"]]
            return {"after": _text(changed(question["before"], changes))}
        question["after"] = base64.b64decode(question["after"])
        return read(Given(**question))._asdict()
    except EditRefused as refusal:
        return {"refused": str(refusal)}


def _value(text: str) -> object:
    return json.loads(text, parse_float=Decimal)


def _text(body: bytes) -> str:
    return base64.b64encode(body).decode()


def main() -> int:
    """Answer one question; whatever kills this process is the asker's to note."""
    resource.setrlimit(resource.RLIMIT_AS, (READ_BYTES_MAX, READ_BYTES_MAX))
    answer = _answer(json.loads(sys.stdin.buffer.read()))
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
