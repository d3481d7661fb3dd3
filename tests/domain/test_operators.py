"""Roles cover those before them, and a token can be known again but not made from what is kept."""

from __future__ import annotations

import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import operators
from domain.operators import NAME, TOKEN_BYTES, Role

RANDOM = st.binary(min_size=TOKEN_BYTES, max_size=TOKEN_BYTES)


def test_each_role_may_what_those_before_it_may_and_no_more() -> None:
    ranked = [Role.VIEWER, Role.OPERATOR, Role.APPROVER]
    for (rank, role), (need_rank, need) in itertools.product(enumerate(ranked), repeat=2):
        assert operators.may(role, need) == (rank >= need_rank)


@given(RANDOM)
def test_a_token_is_kept_as_its_plain_hash(random: bytes) -> None:
    token = operators.written(random)

    assert len(token) == len("pro_") + 43
    assert operators.token_hash(token) == hashlib.sha256(token.encode()).digest()


@given(RANDOM, RANDOM)
def test_two_tokens_are_equal_only_when_their_chance_is(one: bytes, other: bytes) -> None:
    assert (operators.written(one) == operators.written(other)) == (one == other)


@pytest.mark.parametrize("length", [0, TOKEN_BYTES - 1, TOKEN_BYTES + 1])
def test_a_token_of_another_length_is_not_made(length: int) -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        operators.written(bytes(length))


@pytest.mark.parametrize(
    "text", ["", "pro_", "prk_" + "a" * 43, "pro_" + "a" * 42, "pro_" + "a" * 44, "pro_" + "é" * 43]
)
def test_what_cannot_be_a_token_has_no_hash(text: str) -> None:
    assert operators.token_hash(text) is None
    assert operators.token_hash(f"{operators.written(bytes(TOKEN_BYTES))}\n") is None


@pytest.mark.parametrize("name", ["ada", "a", "0day", "ada.b-c_d", "a" * 50])
def test_a_name_is_found_again_in_the_actor_of_the_history(name: str) -> None:
    assert NAME.fullmatch(name)
    assert operators.name_of(operators.actor_of(name)) == name


@pytest.mark.parametrize("name", ["", "Ada", "-a", "a b", "a:b", "a" * 51, "a\n", "é"])
def test_what_the_history_could_not_tell_apart_is_no_name(name: str) -> None:
    assert NAME.fullmatch(name) is None


@pytest.mark.parametrize("actor", ["payratchet", "client:cl_1", "administrator:ada", "ada", ""])
def test_other_actors_are_no_operators(actor: str) -> None:
    assert operators.name_of(actor) is None
