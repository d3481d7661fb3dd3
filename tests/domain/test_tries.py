"""What a call leaves in doubt, and when the same key may still be used."""

from __future__ import annotations

import pytest

from domain import tries
from domain.errors import (
    NothingFound,
    OutcomeUnknown,
    ProviderAway,
    ProviderForbids,
    ProviderRefused,
    ReferenceTaken,
)
from domain.tries import DOUBTS_MAX, Asked, Outcome, Try

LIVE_S = 100.0


def made(
    outcome: Outcome, age_s: float = 1.0, asked: Asked = Asked.REFUND, *, forbidden: bool = False
) -> Try:
    return Try(asked, outcome, age_s, forbidden)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, Outcome.ANSWERED),
        (ProviderRefused("no", http_status=400), Outcome.REFUSED),
        (ReferenceTaken("no", http_status=400), Outcome.REFUSED),
        (ProviderForbids("no", http_status=401), Outcome.REFUSED),
        (ProviderAway("away"), Outcome.NOT_SENT),
        (OutcomeUnknown("cut off"), Outcome.UNKNOWN),
        (NothingFound("nothing"), Outcome.UNKNOWN),
        (OSError("anything else"), Outcome.UNKNOWN),
    ],
)
def test_how_a_call_ended_is_told_by_what_it_raised(
    error: Exception | None, outcome: Outcome
) -> None:
    assert tries.outcome_of(error) is outcome


def test_only_a_taken_reference_says_that_the_provider_has_a_payment() -> None:
    assert tries.is_taken(ReferenceTaken("taken", http_status=409))
    assert not tries.is_taken(ProviderRefused("no", http_status=409))
    assert not tries.is_taken(None)


def test_only_an_unknown_outcome_is_doubtful() -> None:
    assert [o for o in Outcome if made(o).is_doubtful] == [Outcome.UNKNOWN]


def test_a_key_that_was_not_accepted_is_no_refusal_of_what_was_asked() -> None:
    assert [o for o in Outcome if made(o).is_refused] == [Outcome.REFUSED]
    assert not made(Outcome.REFUSED, forbidden=True).is_refused


def test_what_was_asked_otherwise_does_not_count_and_the_order_stays() -> None:
    first, second = made(Outcome.UNKNOWN, 9.0), made(Outcome.ANSWERED, 1.0)
    between = made(Outcome.UNKNOWN, 5.0, Asked.VERIFY)
    assert tries.of([first, between, second], Asked.REFUND) == [first, second]


def test_doubt_is_about_what_was_asked_and_one_doubtful_call_is_enough() -> None:
    history = [made(Outcome.UNKNOWN), made(Outcome.REFUSED), made(Outcome.ANSWERED)]
    assert tries.is_in_doubt(history, Asked.REFUND)
    assert not tries.is_in_doubt(history, Asked.CANCEL)
    assert not tries.is_in_doubt([made(Outcome.REFUSED), made(Outcome.NOT_SENT)], Asked.REFUND)
    assert not tries.is_in_doubt([], Asked.REFUND)


def test_a_key_lives_since_the_first_call_that_may_have_reached_the_provider() -> None:
    def lives(*calls: Try) -> bool:
        return tries.is_keyed(calls, keys_live_s=LIVE_S)

    assert lives()
    assert lives(made(Outcome.UNKNOWN, 99.9))
    assert not lives(made(Outcome.UNKNOWN, 100.0))
    assert not lives(made(Outcome.UNKNOWN, 100.0), made(Outcome.UNKNOWN, 1.0))
    assert lives(made(Outcome.NOT_SENT, 500.0), made(Outcome.UNKNOWN, 1.0))


def test_a_call_is_repeated_twice_at_most_and_then_after_each_question() -> None:
    def again(*calls: Try) -> bool:
        return tries.is_worth_repeating(calls, Asked.REFUND, keys_live_s=LIVE_S)

    doubts = [made(Outcome.UNKNOWN, 10.0)] * DOUBTS_MAX
    question = made(Outcome.ANSWERED, 1.0, Asked.VERIFY)

    assert DOUBTS_MAX == 3
    assert again(*doubts[:-1])
    assert not again(*doubts)
    assert again(*doubts, question)
    assert not again(question, *doubts)
    assert again(*doubts[:-1], made(Outcome.NOT_SENT), made(Outcome.REFUSED))
    assert not again(made(Outcome.UNKNOWN, LIVE_S), question)


def test_a_call_that_may_still_be_under_way_is_made_again_where_two_are_as_one() -> None:
    def doubled(asked: Asked, age_s: float) -> bool:
        return tries.may_be_doubled(asked, age_s, keys_live_s=LIVE_S)

    assert [asked for asked in Asked if doubled(asked, LIVE_S)] == [Asked.INITIALIZE, Asked.VERIFY]
    assert all(doubled(asked, LIVE_S - 0.1) for asked in Asked)


def test_the_limits_of_a_call_leave_time_for_it_to_end_before_it_is_presumed_dead() -> None:
    call_s_max = 20.0
    assert (tries.LIVE_S_MAX, tries.SEND_S_MAX) == (30.0, 5.0)
    assert tries.SEND_S_MAX + call_s_max < tries.LIVE_S_MAX


def test_the_words_of_the_record_stay_as_they_are() -> None:
    assert [str(each) for each in Outcome] == ["answered", "refused", "not_sent", "unknown"]
    assert [str(each) for each in Asked] == ["initialize", "verify", "refund", "cancel"]
