"""References in IBKR's orderRef: unique, recognisable, beside the user's tag."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.client_refs import (
    MAX_ORDER_REF,
    MAX_TAG,
    ClientRef,
    new_client_ref,
    read_client_ref,
    split_order_ref,
)
from ibwire.exceptions import InvalidOrder

NOW = datetime(2026, 11, 22, 17, 5, tzinfo=UTC)
TAGS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=MAX_TAG)


@given(tag=TAGS, seed=st.integers(), attempt=st.integers(1, 999))
def test_tag_and_reference_come_back(tag: str, seed: int, attempt: int) -> None:
    ref = ClientRef(new_client_ref(NOW, Random(seed)).root, attempt)
    written = ref.order_ref(tag)
    assert len(written) <= MAX_ORDER_REF
    assert split_order_ref(written) == (tag, ref)
    assert read_client_ref(str(ref)) == ref


@given(text=st.text() | st.none())
def test_what_is_not_ours_is_all_tag(text: str | None) -> None:
    assert split_order_ref(text) == (text or "", None)


def test_a_tag_that_looks_like_a_reference_stays_a_tag() -> None:
    ref = new_client_ref(NOW, Random(1))
    assert split_order_ref(ref.order_ref("a~b.1~")) == ("a~b.1~", ref)


def test_references_are_unlike_each_other_and_sort_by_time() -> None:
    chance = Random(1)
    refs = [new_client_ref(NOW + timedelta(milliseconds=at), chance) for at in range(5_000)]
    assert len(set(refs)) == len(refs)
    assert sorted(refs) == refs
    assert len({new_client_ref(NOW, chance) for _ in range(5_000)}) == 5_000


def test_sending_again_keeps_the_lineage() -> None:
    ref = new_client_ref(NOW, Random(1))
    again = ref.next_attempt()
    assert (again.root, again.attempt) == (ref.root, 2)
    assert again != ref
    with pytest.raises(InvalidOrder, match="the last of 999"):
        ClientRef(ref.root, 999).next_attempt()


@pytest.mark.parametrize("tag", ["x" * (MAX_TAG + 1), "ü", "a\nb"])
def test_a_tag_that_cannot_travel_is_refused(tag: str) -> None:
    with pytest.raises(InvalidOrder, match="up to 19 printable"):
        new_client_ref(NOW, Random(1)).order_ref(tag)
