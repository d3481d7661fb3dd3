"""`payratchet doctor`: a canary through every hop, each timed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workers.operations import surroundings
from workers.operations.examination import Doors, Examination
from workers.operations.hops import walk
from workers.operations.options import database, json_option
from workers.operations.output import DONE, REFUSED, STORE_AWAY, as_json, printable

if TYPE_CHECKING:
    from workers.operations.hops import Passed


EXAMPLES = """\b
Examples:
  payratchet doctor
  payratchet doctor --web https://pay.example.com --json
"""


@click.command("doctor", epilog=EXAMPLES)
@click.option("--web", metavar="URL", help="Where web is heard.  [default: this machine, PORT]")
@click.option(
    "--console", metavar="URL", help="Where the console is.  [default: this machine, CONSOLE_PORT]"
)
@json_option
def doctor(*, web: str | None, console: str | None, json_: bool) -> None:
    """Send a canary event through every hop, and time each.

    The canary is signed, accepted by web, committed, rung for and finished by a worker like any
    event, and can say nothing about money. Each hop that fails says what to do. Exits with 1 when
    one fails, with 3 when a store is away.
    """
    surroundings.adopt("API_KEY_PEPPER")
    found: list[Passed] = []
    for passed in walk(Examination(lambda _: database(), Doors(web, console)).hops()):
        found.append(passed)
        if not json_:
            _print(passed)
    ok = all(each.ok for each in found)
    if json_:
        as_json({"ok": ok, "hops": [each.shown() for each in found]})
    else:
        total_ms = sum(each.ms for each in found)
        click.echo(f"{'All is well' if ok else 'SOMETHING FAILS'}, {total_ms:.0f} ms in all.")
    click.get_current_context().exit(_code(found))


def _code(found: list[Passed]) -> int:
    if all(each.ok for each in found):
        return DONE
    return STORE_AWAY if any(each.is_away for each in found) else REFUSED


def _print(passed: Passed) -> None:
    mark = click.style("ok  ", fg="green") if passed.ok else click.style("FAIL", fg="red")
    click.echo(f"{mark}  {passed.name:<9}{passed.ms:>9.1f} ms  {printable(passed.note)}".rstrip())
    if not passed.ok:
        click.echo(f"      {printable(passed.error)}\n      -> {printable(passed.do)}")
