"""What each of IBKR's order types needs, may have and has no use for; a table, and nothing else.

Sources: IBKR, "Order Types and Algos" with the samples of its clients; protocol notes, 4.11; error codes 111, 113.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

PRICES = frozenset(
    {
        *("limit_price", "aux_price", "trail_stop_price", "trailing_percent", "limit_price_offset", "percent_offset"),
        *("starting_price", "stock_ref_price", "delta", "pegged_change_amount", "reference_change_amount"),
        *("compete_against_best_offset", "mid_offset_at_whole", "mid_offset_at_half", "volatility"),
    }
)
"""The fields by which types differ: one that a type neither needs nor may have is forbidden."""

ACTIONS = ("BUY", "SELL", "SSHORT", "SLONG")

TIFS = ("DAY", "GTC", "IOC", "GTD", "OPG", "FOK", "DTC", "AUC", "GTX", "OVERNIGHT")
"""Times in force (protocol notes, 4.11); none is DAY."""

INSIDE_ONLY = frozenset({"STK", "OPT", "WAR", "CASH", "CRYPTO", "FUND", "BOND", "CFD", "IOPT"})
"""Kinds of instrument whose price is above zero; futures, combos and commodities have been below it."""


class TypeRule(Struct, frozen=True, kw_only=True):
    """One order type. Of each group in `one_of` exactly one field is needed.

    `levels` are the fields that hold a price of the market (not an amount or a percentage): they lie on the tick grid.
    """

    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    tifs: tuple[str, ...] = TIFS
    levels: tuple[str, ...] = ()

    @property
    def known(self) -> frozenset[str]:
        """Every field of `PRICES` that the type has a use for."""
        return frozenset({*self.needs, *self.may, *(name for group in self.one_of for name in group)})


_LIMIT = ("limit_price",)
_STOP = ("aux_price",)
_BOTH = ("limit_price", "aux_price")
_CLOSE = ("DAY",)
_NO_TRIGGER_TIFS = tuple(tif for tif in TIFS if tif not in ("OPG", "AUC"))  # an auction has no triggers

TYPE_RULES: Mapping[str, TypeRule] = {
    "MKT": TypeRule(),
    "LMT": TypeRule(needs=_LIMIT, levels=_LIMIT),
    "STP": TypeRule(needs=_STOP, levels=_STOP, tifs=_NO_TRIGGER_TIFS),
    "STP LMT": TypeRule(needs=_BOTH, levels=_BOTH, tifs=_NO_TRIGGER_TIFS),
    "STP PRT": TypeRule(needs=_STOP, levels=_STOP, tifs=_NO_TRIGGER_TIFS),
    "MKT PRT": TypeRule(),
    "TRAIL": TypeRule(
        may=("trail_stop_price",),
        one_of=(("aux_price", "trailing_percent"),),
        levels=("trail_stop_price",),
        tifs=_NO_TRIGGER_TIFS,
    ),
    "TRAIL LIMIT": TypeRule(
        needs=("trail_stop_price",),
        one_of=(("aux_price", "trailing_percent"), ("limit_price", "limit_price_offset")),
        levels=("trail_stop_price", "limit_price"),
        tifs=_NO_TRIGGER_TIFS,
    ),
    "MIT": TypeRule(needs=_STOP, levels=_STOP, tifs=_NO_TRIGGER_TIFS),
    "LIT": TypeRule(needs=_BOTH, levels=_BOTH, tifs=_NO_TRIGGER_TIFS),
    "TRAIL MIT": TypeRule(
        one_of=(("aux_price", "trailing_percent"),), may=("trail_stop_price",), tifs=_NO_TRIGGER_TIFS
    ),
    "TRAIL LIT": TypeRule(
        one_of=(("aux_price", "trailing_percent"), ("limit_price", "limit_price_offset")),
        may=("trail_stop_price",),
        tifs=_NO_TRIGGER_TIFS,
    ),
    "MOC": TypeRule(tifs=_CLOSE),
    "LOC": TypeRule(needs=_LIMIT, levels=_LIMIT, tifs=_CLOSE),
    "MTL": TypeRule(),
    "REL": TypeRule(one_of=(("aux_price", "percent_offset"),), may=_LIMIT, levels=_LIMIT),
    "PASSV REL": TypeRule(one_of=(("aux_price", "percent_offset"),), may=_LIMIT, levels=_LIMIT),
    "MIDPRICE": TypeRule(may=_LIMIT, levels=_LIMIT, tifs=("DAY",)),
    "PEG MKT": TypeRule(needs=_STOP, may=_LIMIT, levels=_LIMIT),
    "PEG MID": TypeRule(may=(*_BOTH, "mid_offset_at_whole", "mid_offset_at_half"), levels=_LIMIT),
    "PEG PRIM": TypeRule(may=_BOTH, levels=_LIMIT),
    "PEG STK": TypeRule(needs=("delta",), may=("stock_ref_price", "starting_price")),
    "PEG BENCH": TypeRule(
        needs=("starting_price", "pegged_change_amount", "reference_change_amount"),
        may=("stock_ref_price", *_LIMIT),
        levels=("starting_price", *_LIMIT),
    ),
    "PEG BEST": TypeRule(
        needs=("limit_price", "compete_against_best_offset"),
        may=("mid_offset_at_whole", "mid_offset_at_half"),
        levels=_LIMIT,
    ),
    "SNAP MKT": TypeRule(may=_STOP),
    "SNAP MID": TypeRule(may=_STOP),
    "SNAP PRIM": TypeRule(may=_STOP),
    "VOL": TypeRule(needs=("volatility",), may=("limit_price", "stock_ref_price", "delta")),
    "BOX TOP": TypeRule(),
    "LMT + MKT": TypeRule(needs=_LIMIT),
    "REL + MKT": TypeRule(may=_BOTH),
    "REL + LMT": TypeRule(needs=_LIMIT, may=_STOP),
    "FUNARI": TypeRule(needs=_LIMIT, levels=_LIMIT),
}
"""Every type that IBKR documents, by its `order_type`."""

NO_USE: Mapping[str, frozenset[str]] = {kind: PRICES - rule.known for kind, rule in TYPE_RULES.items()}
"""By type, the fields of `PRICES` that it has no use for."""
