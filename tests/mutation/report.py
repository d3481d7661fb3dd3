"""What a run of mutation tests has found, in figures."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tests.mutation import targets
from tests.mutation.outcomes import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.mutation.outcomes import Outcome

GROUP_MUTANTS_MIN = 50
"""Mutants from which on a group alone is held against the gate: a share of fewer says little."""


def score(outcomes: Sequence[Outcome]) -> float:
    """Return the share that some test has killed; 1 of none."""
    return sum(each.is_dead for each in outcomes) / len(outcomes) if outcomes else 1.0


def by_module(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Return the outcomes of each module, in the order of their names."""
    found: dict[str, list[Outcome]] = defaultdict(list)
    for each in outcomes:
        found[each.mutant.module].append(each)
    return dict(sorted(found.items()))


def by_group(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Return the outcomes of each group."""
    found: dict[str, list[Outcome]] = {group: [] for group in targets.GROUPS}
    for each in outcomes:
        found[targets.group_of(each.mutant.module)].append(each)
    return {group: some for group, some in found.items() if some}


def below(outcomes: Sequence[Outcome]) -> list[str]:
    """Return what is below the gate: all together, or a group that is large enough."""
    groups = by_group(outcomes).items()
    large = {group: some for group, some in groups if len(some) >= GROUP_MUTANTS_MIN}
    held = {"all": outcomes, **large}
    return [name for name, some in held.items() if score(some) < targets.GATE]


def as_json(outcomes: Sequence[Outcome], *, seed: int | None, elapsed_s: float) -> dict[str, Any]:
    """Return all figures, and every survivor."""
    return {
        "seed": seed,
        "mutants": len(outcomes),
        "score": round(score(outcomes), 4),
        "gate": targets.GATE,
        "elapsed_s": round(elapsed_s, 1),
        "groups": {name: _figures(some) for name, some in by_group(outcomes).items()},
        "modules": {name: _figures(some) for name, some in by_module(outcomes).items()},
        "survivors": [
            {"at": place(each), "operator": each.mutant.operator, "name": each.mutant.name}
            for each in outcomes
            if not each.is_dead
        ],
        "below": below(outcomes),
    }


def _figures(some: Sequence[Outcome]) -> dict[str, Any]:
    dead = sum(each.is_dead for each in some)
    endless = sum(each.verdict is Verdict.TIMED_OUT for each in some)
    return {
        "mutants": len(some),
        "killed": dead,
        "timed_out": endless,
        "score": round(score(some), 4),
    }


def place(outcome: Outcome) -> str:
    """Return file and line of a mutant."""
    return f"{outcome.mutant.path}:{outcome.mutant.line}"


def lines(outcomes: Sequence[Outcome], *, elapsed_s: float) -> list[str]:
    """Return the figures and the survivors as lines for a terminal."""
    said = []
    for each in outcomes:
        if not each.is_dead:
            mutant = each.mutant
            said += [
                f"{place(each)}  {mutant.operator}, in {mutant.scope.name or 'the module'}",
                f"  - {mutant.before}",
                f"  + {mutant.after}",
            ]
    for name, some in (*by_module(outcomes).items(), *by_group(outcomes).items()):
        dead = sum(each.is_dead for each in some)
        said.append(f"{score(some):7.1%}  {dead:4} of {len(some):4}  {name}")
    said.append(f"{score(outcomes):7.1%}  of {len(outcomes)} mutants in {elapsed_s:.0f} s")
    return said
