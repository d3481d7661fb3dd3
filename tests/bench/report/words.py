"""The words that every page of the report shares: numbers, verdicts, the machine, the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NO_BREAK = "\u00a0"
DASH = "\u2013"
MET = "met"
NOT_MET = "not met"
NOT_MEASURED = "not measured"

THOUSAND = 1_000
TEN_THOUSAND = 10_000
MILLION = 1_000_000
SIGNS = {"x": "\u00d7", "%": "%", "": ""}


def number(value: float, *, digits: int = 3) -> str:
    """Return 0.812, 1 234, 12.3 k or 4.56 M: what an eye can compare."""
    rounded = float(f"{value:.{digits}g}")
    size = abs(rounded)
    if size >= MILLION:
        return f"{rounded / MILLION:.{digits}g}{NO_BREAK}M"
    if size >= TEN_THOUSAND:
        return f"{rounded / THOUSAND:.{digits}g}{NO_BREAK}k"
    if size >= THOUSAND:
        return f"{value:,.0f}".replace(",", NO_BREAK)
    return f"{rounded:.{digits}g}"


def quantity(value: float | None, unit: str, *, digits: int = 3) -> str:
    """Return the number with its unit, and a dash for what was not measured."""
    if value is None:
        return DASH
    if unit in SIGNS:
        return number(value, digits=digits) + SIGNS[unit]
    return f"{number(value, digits=digits)}{NO_BREAK}{unit.removeprefix('1')}"


def ratio_value(ratio: Mapping[str, Any]) -> str:
    """Return the value, with a digit more where three would make it look like its goal."""
    value, unit = ratio["value"], ratio["unit"]
    if value is None:
        return NOT_MEASURED
    text = quantity(value, unit)
    hides = value != ratio["goal"] and text == quantity(ratio["goal"], unit)
    return quantity(value, unit, digits=4) if hides else text


def goal(ratio: Mapping[str, Any]) -> str:
    """Return `≥ 0.8` or `≤ 30 s`, with the unit of the ratio."""
    sign = "≤" if ratio["direction"] == "at most" else "≥"
    return f"{sign}{NO_BREAK}{quantity(ratio['goal'], ratio['unit'])}"


def verdict(ratio: Mapping[str, Any]) -> str:
    """Return in words whether the goal is met. What was not measured is not."""
    return MET if ratio["met"] else NOT_MET


def tally(ratios: Sequence[Mapping[str, Any]]) -> str:
    """Return how many goals are met, and how many not."""
    met = sum(bool(ratio["met"]) for ratio in ratios)
    if not ratios:
        return "no goal was measured"
    if met == len(ratios):
        return f"all {met} goals are met"
    return f"{met} of {len(ratios)} goals are met, {len(ratios) - met} not"


def invariants(all_of_them: Sequence[Mapping[str, Any]]) -> str:
    """Return one line: that all hold, or which do not."""
    broken = [f"{each['run']}: {each['name']}" for each in all_of_them if not each["holds"]]
    if broken:
        return f"{len(broken)} of {len(all_of_them)} DO NOT HOLD: {'; '.join(broken)}"
    if not all_of_them:
        return "none was checked"
    checked = sum(each["checked"] for each in all_of_them)
    return f"all {len(all_of_them)} hold ({number(checked)} things checked)"


def machine(told: Mapping[str, Any]) -> str:
    """Return the machine in a line; what is not known is left out."""
    cores, memory_gib = told.get("cores"), told.get("memory_gib")
    parts = (
        told.get("cpu"),
        cores and f"{cores} {'core' if cores == 1 else 'cores'}",
        memory_gib and f"{memory_gib} GiB",
        told.get("filesystem"),
        told.get("os"),
        _server("Postgres", told.get("postgres")),
        _server("Valkey", told.get("valkey")),
        told.get("python") and f"Python {told['python']}",
        told.get("steal_percent") is not None and f"{told['steal_percent']:.3g} % of CPU stolen",
    )
    return ", ".join(str(part) for part in parts if part)


def commit(told: Mapping[str, Any]) -> str:
    """Return the commit that was measured, and whether there was more in the tree than that."""
    if not told.get("commit"):
        return "no commit"
    return f"commit {told['commit']}{' with changes' if told.get('dirty') else ''}"


def command(document: Mapping[str, Any]) -> str:
    """Return what a person types for the same."""
    return "python3 dev.py bench" + (" --full" if document["form"] == "full" else "")


def _server(name: str, told: Mapping[str, Any] | None) -> str | None:
    if not told:
        return None
    return f"{told.get('brand', name).capitalize()} {told['version']}"
