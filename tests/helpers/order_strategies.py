"""Orders, drawn at random from the types of their fields."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from ibwire.order_conditions import (
    ExecutionCondition,
    MarginCondition,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from ibwire.order_fields import Order
from ibwire.wire import messages as m

WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=12)
NUMBERS = st.decimals(-(10**9), 10**9, allow_nan=False, places=4).map(lambda value: value + 0)
INTEGERS = st.integers(-(2**31), 2**31 - 2)
MOMENTS = st.one_of(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=0, tzinfo=UTC)),  # noqa: DTZ001
    st.just("20260405 10:30:00 US/Eastern"),
    st.just("20260930 22:00:00 Central European Standard Time"),
)
CONDITIONS = st.one_of(
    st.builds(
        PriceCondition,
        con_id=INTEGERS,
        exchange=WORDS,
        price=NUMBERS,
        is_more=st.booleans(),
        trigger_method=st.integers(0, 8),
        is_conjunction=st.booleans(),
    ),
    st.builds(TimeCondition, time=MOMENTS, is_more=st.booleans(), is_conjunction=st.booleans()),
    st.builds(MarginCondition, percent=INTEGERS, is_more=st.booleans()),
    st.builds(ExecutionCondition, symbol=WORDS, sec_type=WORDS, exchange=WORDS),
    st.builds(VolumeCondition, con_id=INTEGERS, exchange=WORDS, volume=INTEGERS, is_more=st.booleans()),
    st.builds(PercentChangeCondition, con_id=INTEGERS, exchange=WORDS, change_percent=NUMBERS, is_more=st.booleans()),
)
_BY_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "int | None": st.none() | INTEGERS,
    "str | None": st.none() | WORDS,
    "bool | None": st.none() | st.booleans(),
    "Decimal | None": st.none() | NUMBERS,
    "Moment | None": st.none() | MOMENTS,
    "dict[str, str]": st.dictionaries(WORDS, WORDS, max_size=2),
    "tuple[Condition, ...]": st.lists(CONDITIONS, max_size=3).map(tuple),
    "tuple[Decimal | None, ...]": st.just(()),
    "m.SoftDollarTier | None": st.none() | st.builds(m.SoftDollarTier, name=WORDS),
}
_FIELDS = {name: _BY_TYPE[written] for name, written in Order.__annotations__.items()}


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """Orders with some fields set; they make no sense, but every field may come with every other."""
    names = draw(st.lists(st.sampled_from(list(_FIELDS)), unique=True, max_size=20))
    return Order(**{name: draw(_FIELDS[name]) for name in names})


def dense_order(value: int = 7) -> Order:
    """An order in which every field is set to something that is not its default."""
    plain: dict[str, Any] = {
        "int | None": value,
        "str | None": f"text{value}",
        "bool | None": True,
        "Decimal | None": Decimal(f"{value}.25"),
        "Moment | None": datetime(2026, 12, 31, 14, 30, tzinfo=UTC),
        "dict[str, str]": {"tag": "value"},
        "tuple[Condition, ...]": (TimeCondition(time="20260405 10:30:00 US/Eastern"),),
        "tuple[Decimal | None, ...]": (),
        "m.SoftDollarTier | None": m.SoftDollarTier("name", "value"),
    }
    return Order(**{name: plain[written] for name, written in Order.__annotations__.items()})
