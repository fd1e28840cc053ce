"""About what IBKR charges for a fill, so that a report looks as it does there."""

from __future__ import annotations

from decimal import Decimal

from ibwire.simulator.instruments import Instrument

_PER_UNIT = {"STK": Decimal("0.005"), "FUT": Decimal("2.25"), "OPT": Decimal("0.65"), "FOP": Decimal("1.42")}
_OF_VALUE = {"CASH": Decimal("0.00002"), "CRYPTO": Decimal("0.0018")}
_MINIMUM = {"STK": Decimal(1), "CASH": Decimal(2), "CRYPTO": Decimal("1.75"), "OPT": Decimal(1)}


def commission(instrument: Instrument, quantity: Decimal, price: Decimal, *, is_first: bool) -> Decimal:
    """In the instrument's currency; an order's first fill is charged the minimum if that is more."""
    kind = instrument.sec_type
    amount = quantity * abs(price) * _OF_VALUE.get(kind, Decimal(0)) + quantity * _PER_UNIT.get(kind, Decimal(0))
    return max(amount, _MINIMUM.get(kind, Decimal(0)) if is_first else Decimal(0))
