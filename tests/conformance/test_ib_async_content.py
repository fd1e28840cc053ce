"""Nothing that stock ib_async would have sent is missing in our messages: each value is unlike all others."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import re
from collections.abc import Iterator
from typing import Any

import ib_async
import pytest
from ib_async.util import UNSET_INTEGER
from msgspec import Struct

from ibwire.ib_async import Client
from ibwire.ib_async.outgoing import REQUESTS

VERSION = 178
NOT_ON_OUR_WIRE = {"nbboPriceCap", "auctionStrategy", "eTradeOnly", "firmQuoteOnly", "faProfile", "basisPoints"}
"""Fields of ib_async's Order that today's wire does not have; they are counted as dropped."""

_CONDITIONS = (
    *(ib_async.PriceCondition, ib_async.TimeCondition, ib_async.MarginCondition),
    *(ib_async.ExecutionCondition, ib_async.VolumeCondition, ib_async.PercentChangeCondition),
)


class Unlike:
    """Values of which no two are the same, and which no message has by itself."""

    def __init__(self) -> None:
        self._numbers = itertools.count(70_001)

    def whole(self) -> int:
        return next(self._numbers)

    def text(self) -> str:
        return f"text{self.whole()}"

    def number(self) -> float:
        return self.whole() + 0.5

    def tags(self) -> list[Any]:
        return [ib_async.TagValue(self.text(), self.text())]

    def fill(self, kind: type, **given: Any) -> Any:
        """An object of a class of theirs with every simple field set."""
        makers = {str: self.text, int: self.whole, float: self.number, bool: lambda: True}
        values = {
            one.name: makers[type(one.default)]()
            for one in dataclasses.fields(kind)
            if one.name not in given and one.name not in NOT_ON_OUR_WIRE and type(one.default) in makers
        }
        return kind(**values, **given)

    def contract(self, sec_type: str) -> Any:
        legs = [self.fill(ib_async.ComboLeg), self.fill(ib_async.ComboLeg)] if sec_type == "BAG" else []
        neutral = self.fill(ib_async.DeltaNeutralContract)
        return self.fill(
            ib_async.Contract,
            secType=sec_type,
            multiplier=str(self.whole()),
            comboLegs=legs,
            deltaNeutralContract=neutral,
        )

    def order(self, order_type: str) -> Any:
        return self.fill(
            ib_async.Order,
            orderType=order_type,
            conditions=[self.fill(kind, condType=kind().condType, conjunction="a") for kind in _CONDITIONS],
            softDollarTier=self.fill(ib_async.SoftDollarTier),
            algoParams=self.tags(),
            smartComboRoutingParams=self.tags(),
            orderMiscOptions=self.tags(),
            orderComboLegs=[ib_async.OrderComboLeg(self.number()), ib_async.OrderComboLeg(self.number())],
        )

    def argument(self, name: str, sec_type: str, order_type: str) -> Any:
        objects = {
            "contract": lambda: self.contract(sec_type),
            "order": lambda: self.order(order_type),
            "execFilter": lambda: self.fill(ib_async.ExecutionFilter),
            "subscription": lambda: self.fill(ib_async.ScannerSubscription),
            "data": lambda: self.fill(ib_async.WshEventData),
        }
        if name in objects:
            return objects[name]()
        if name.endswith("ptions"):
            return self.tags()
        if name in _FLAGS:
            return True
        if name in ("optionPrice", "underPrice", "volatility"):
            return self.number()
        return self.text() if name in _TEXTS else self.whole()


_FLAGS = {
    *("snapshot", "regulatorySnapshot", "isSmartDepth", "ignoreSize", "useRTH", "useRth", "keepUpToDate", "subscribe"),
    *("apiOnly", "allMsgs", "bAutoBind", "ledgerAndNLV", "override"),
}
_TEXTS = {
    *("genericTickList", "acctCode", "cxml", "endDateTime", "durationStr", "barSizeSetting", "whatToShow", "account"),
    *("groupName", "tags", "apiName", "apiVersion", "apiData", "contractInfo", "modelCode", "underlyingSymbol"),
    *("futFopExchange", "underlyingSecType", "pattern", "bboExchange", "providerCode", "articleId", "providerCodes"),
    *("startDateTime", "timePeriod", "tickType", "manualCancelOrderTime"),
}


def text_of_stock(name: str, arguments: list[Any]) -> str:
    client = ib_async.Client(ib_async.IB().wrapper)
    client.connState, client._serverVersion = client.CONNECTED, VERSION
    sent: list[str] = []
    client.sendMsg = sent.append  # type: ignore[method-assign]
    getattr(client, name)(*arguments)
    return sent[0]


def message_of_ours(name: str, arguments: list[Any]) -> Any:
    client = Client(ib_async.IB().wrapper)
    made: list[Any] = []
    client.request = made.append  # type: ignore[method-assign]
    getattr(client, name)(*arguments)
    return made[0]


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Struct):
        for field in value.__struct_fields__:
            yield from _leaves(getattr(value, field))
    elif isinstance(value, dict):
        yield from itertools.chain.from_iterable((str(tag), str(one)) for tag, one in value.items())
    elif isinstance(value, tuple):
        for one in value:
            yield from _leaves(one)
    else:
        yield re.sub(r"\.0$", "", str(value))


def values_in(texts: Iterator[str]) -> set[str]:
    """Of what was said, the values that are unlike all others."""
    return {one for one in texts if re.fullmatch(r"(text)?7\d{4}(\.5)?", one)}


@pytest.mark.parametrize("sec_type", ["OPT", "BAG"])
@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_what_stock_would_have_sent_is_in_our_message(name: str, sec_type: str) -> None:
    parameters = [one for one in inspect.signature(getattr(ib_async.Client, name)).parameters if one != "self"]
    for order_type in ["LMT", "VOL", "PEG BENCH", "PEG BEST", "PEG MID"] if name == "placeOrder" else [""]:
        unlike = Unlike()
        arguments = [unlike.argument(one, sec_type, order_type) for one in parameters]
        ours = values_in(_leaves(message_of_ours(name, arguments)))
        theirs = values_in(iter(re.split(r"[\0=;]", text_of_stock(name, arguments))))
        assert theirs <= ours, theirs - ours
        assert theirs or not parameters or set(parameters) <= _FLAGS


def test_unset_numbers_are_left_out() -> None:
    message = message_of_ours("placeOrder", [1, ib_async.Contract(), ib_async.Order(minQty=UNSET_INTEGER)])
    assert message.order.min_qty is None
    assert message.order.lmt_price is None
