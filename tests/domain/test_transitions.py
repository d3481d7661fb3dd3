from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from domain.transitions import LEGAL, TABLE, Edge, Event, Rule, State, path

STATE_MACHINE = Path(__file__).parents[2] / "docs" / "state-machine.md"


def test_there_is_a_decision_for_every_state_and_event() -> None:
    assert set(TABLE) == set(itertools.product(State, Event))
    assert len(TABLE) == 160


@pytest.mark.parametrize("state", State)
def test_a_move_leads_elsewhere_and_nothing_else_has_a_target(state: State) -> None:
    for event in Event:
        decision = TABLE[state, event]
        moves = decision.rule in (Rule.MOVE, Rule.MOVE_WHEN_WHOLE)
        assert (decision.target is not None) == moves
        assert decision.target is not state or decision.rule is Rule.MOVE_WHEN_WHOLE


def test_the_legal_steps_are_those_of_the_grid_and_no_others() -> None:
    for state, event in TABLE:
        decision = TABLE[state, event]
        to_states = {edge.to_state for edge in LEGAL if edge.from_state is state
                     and edge.event is event}  # fmt: skip
        expected = {
            Rule.MOVE: {decision.target},
            Rule.MOVE_WHEN_WHOLE: {decision.target, state},
            Rule.NOTE: {state},
            Rule.WAIT: {state},
            Rule.REFUSE: set(),
            Rule.PERSON: set(State) - {state},
        }[decision.rule]
        assert to_states == expected


@pytest.mark.parametrize(
    ("state", "event", "to_state"),
    [
        ("failed", "succeeded", "completed"),
        ("cancelled", "succeeded", "review"),
        ("pending", "unheard", "review"),
        ("pending", "cancelled", "cancelled"),
        ("processing", "cancelled", "cancelled"),
        ("completed", "contradicted", "review"),
        ("review", "resolved", "completed"),
        ("disputed", "dispute_won", "completed"),
    ],
)
def test_what_the_design_promises_is_legal(state: str, event: str, to_state: str) -> None:
    assert Edge(State(state), Event(event), State(to_state)) in LEGAL


@pytest.mark.parametrize(
    ("state", "event", "to_state"),
    [
        ("completed", "failed", "failed"),
        ("completed", "cancelled", "cancelled"),
        ("completed", "succeeded", "pending"),
        ("refunded", "succeeded", "completed"),
        ("charged_back", "dispute_won", "completed"),
        ("completed", "unheard", "review"),
        ("pending", "refunded_in_full", "refunded"),
        ("completed", "corrected", "completed"),
    ],
)
def test_what_the_design_forbids_is_not(state: str, event: str, to_state: str) -> None:
    assert Edge(State(state), Event(event), State(to_state)) not in LEGAL


def test_every_path_is_unbroken_legal_and_by_no_person_unless_asked() -> None:
    for before, event, after in itertools.product(State, Event, State):
        steps = path(before, event, after)
        if not steps:
            continue
        assert LEGAL.issuperset(steps)
        assert (steps[0].from_state, steps[-1].to_state) == (before, after)
        assert [step.from_state for step in steps[1:]] == [step.to_state for step in steps[:-1]]
        by_people = {Event.CANCELLED, Event.CORRECTED}
        assert by_people.isdisjoint(step.event for step in steps) or event in by_people


def test_a_capture_whose_refund_came_first_takes_a_step_for_each() -> None:
    steps = path(State.PENDING, Event.SUCCEEDED, State.REFUNDED)

    assert [step.to_state for step in steps] == ["completed", "refunded"]


def test_nothing_leads_back_to_pending() -> None:
    """Not even through other states: only a person's correction does."""
    for before in set(State) - {State.PENDING}:
        assert path(before, Event.INITIALIZED, State.PENDING) == ()


def test_the_drawing_shows_exactly_the_moves_of_the_grid() -> None:
    text = STATE_MACHINE.read_text()
    drawn = re.findall(r"^    (\w+) --> (\w+): (.+)$", text, re.MULTILINE)

    moves = {(a, event.split()[0], b) for a, b, events in drawn for event in events.split(", ")}
    assert moves == {
        (state, event, decision.target)
        for (state, event), decision in TABLE.items()
        if decision.target not in (None, state)
    }


def test_the_printed_grid_says_what_the_table_says() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", STATE_MACHINE.read_text(), re.MULTILINE)
    printed = {
        (state, Event(event)): cell
        for event, cells in rows
        for state, cell in zip(State, cells.split(" | "), strict=True)
    }

    words = {"noted": Rule.NOTE, "waits": Rule.WAIT, "refused": Rule.REFUSE,
             "a person": Rule.PERSON}  # fmt: skip
    assert printed.keys() == TABLE.keys()
    for key, decision in TABLE.items():
        target = re.search(r"\*\*(\w+)\*\*", printed[key])
        assert (target[1] if target else None) == decision.target
        if target is None:
            assert words[printed[key].strip("*")] is decision.rule
        else:
            assert ("when whole" in printed[key]) == (decision.rule is Rule.MOVE_WHEN_WHOLE)
