"""Which dead letters a command is about: ids, or a filter; never all of them by mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from workers.operations.words import Span
from workers.store.letter_filters import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Command = TypeVar("Command", bound=Callable[..., Any])

PARTS: dict[str, tuple[str, click.ParamType[Any]]] = {
    "provider": ("provider", click.STRING),
    "type": ("type", click.STRING),
    "reason": ("reason", click.STRING),
    "fingerprint": ("fingerprint", click.STRING),
    "reference": ("reference", click.STRING),
    "owner": ("owner", click.STRING),
    "older-than": ("older_than_s", Span()),
    "amount-over": ("amount_over_minor", click.IntRange(min=0)),
    "currency": ("currency", click.STRING),
}
"""What may be filtered by: the name that people write, the field of `Wanted`, and its type."""

_HELP = {
    "type": "The provider's name of the event.",
    "reason": "The reason class, e.g. mismatch or unknown_reference.",
    "fingerprint": "One cause: what failed alike has the same; see `dead-letters groups`.",
    "older-than": "Dead for longer than that: 30m, 24h, 7d.",
    "amount-over": "About more than that, in minor units.",
    "owner": "Whose letters; see `dead-letters assign`.",
}


def filters(reason: str = "--reason") -> Callable[[Command], Command]:
    """Give a command the options of a filter; `reason` is what the class of reasons is called.

    Commands that change something call it `--reason-class`: their `--reason` says why they do.
    """

    def give(command: Command) -> Command:
        for name, (field, kind) in reversed(PARTS.items()):
            flag = reason if name == "reason" else f"--{name}"
            command = click.option(flag, f"by_{field}", type=kind, help=_HELP.get(name))(command)
        return command

    return give


def meant(command: Command) -> Command:
    """Give a command ids or a filter to act on."""
    command = click.option("--all", "all_", is_flag=True, help="Every open letter.")(command)
    command = click.option(
        "--filter",
        "pairs",
        metavar="KEY=VALUE",
        multiple=True,
        help=f"May be repeated; keys: {', '.join(PARTS)}.",
    )(command)
    command = filters("--reason-class")(command)
    return click.argument("letter_ids", type=click.IntRange(min=1), nargs=-1)(command)


def filtered(options: dict[str, Any], *, status: str = "open") -> Wanted:
    """Return the filter that the options of `filters` spell."""
    given = {name.removeprefix("by_"): value for name, value in options.items()}
    return Wanted(**given, status=status)


def wanted(
    letter_ids: Sequence[int],
    pairs: Sequence[str],
    options: dict[str, Any],
    *,
    all_: bool,
    status: str = "open",
) -> Wanted:
    """Return what the options of `meant` spell: letters by id, or a filter of one status.

    Raises click.UsageError when it is neither, or both, or says two things of one field.
    """
    narrow = _narrowed(filtered(options, status=status), pairs)
    if letter_ids and (all_ or not narrow.is_everything):
        raise click.UsageError("give ids or a filter, not both")
    if letter_ids:
        return Wanted(ids=tuple(sorted(set(letter_ids))), status=status)
    if narrow.is_everything and not all_:
        raise click.UsageError("say which: ids, a filter, or --all")
    return narrow


def _narrowed(narrow: Wanted, pairs: Sequence[str]) -> Wanted:
    """Add each pair; none silently takes the place of what was said before it."""
    for field, value in map(_pair, pairs):
        before = getattr(narrow, field)
        if before not in (None, value):
            name = next(name for name, (each, _) in PARTS.items() if each == field)
            raise click.UsageError(f"{name} is given twice: {before} and {value}")
        narrow = narrow._replace(**{field: value})
    return narrow


def _pair(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or name not in PARTS:
        raise click.UsageError(f"--filter is KEY=VALUE with one of {', '.join(PARTS)}")
    field, kind = PARTS[name]
    return field, kind.convert(value, None, click.get_current_context())
