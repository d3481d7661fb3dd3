"""Where requests go, and what they look like on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.bench.stage import supply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint of the loopback, and the headers it wants."""

    port: int
    path: str = supply.PATH
    signature_header: str = supply.SIGNATURE_HEADER
    headers: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({"content-type": "application/json"})
    )

    @property
    def url(self) -> str:
        """Return the whole address."""
        return f"http://{HOST}:{self.port}{self.path}"

    def head(self) -> bytes:
        """Return a request up to the value of its signature."""
        lines = [f"POST {self.path} HTTP/1.1", f"host: {HOST}:{self.port}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, f"{self.signature_header}: "]).encode()


def requests(head: bytes, file: Path) -> Iterator[bytes]:
    """Yield whole requests, one for each line that `supply.write` wrote."""
    with file.open("rb") as lines:
        for line in lines:
            signature, _, body = line.rstrip(b"\n").partition(b" ")
            yield b"%b%b\r\ncontent-length: %d\r\n\r\n%b" % (head, signature, len(body), body)
