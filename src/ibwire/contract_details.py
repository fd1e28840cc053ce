"""What IBKR knows of a contract, typed: sizes and ticks, venues and market rules, hours, ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from msgspec import Struct

from ibwire.contract_rules import normal
from ibwire.contract_texts import shown
from ibwire.exceptions import InvalidRequest, NoData, UnreadableAnswer
from ibwire.time_zones import zone_named
from ibwire.trading_hours import TradingHours, parse_hours
from ibwire.wire import messages as m
from ibwire.wire.messages import Contract

_LAST_TRADE = re.compile(r"([0-9]{8})[ -]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?: (.+))?")
_UNSET_INTEGER = 2**31 - 1
_LARGEST = Decimal(10) ** 30
"""What is larger is one of IBKR's stand-ins for "not set" (protocol notes, 2.5)."""


class ContractDetails(Struct, frozen=True, kw_only=True):
    """What IBKR knows of one contract. What IBKR did not say is None, or empty.

    `min_tick` is the smallest increment of any price; which prices an order may have is the market rule's business
    (`Contracts.price_grid`). `price_magnifier`: executions and strikes are reported times this. Sizes are in units of
    the contract. `as_sent` is IBKR's whole record, terms of bonds and funds among it.
    """

    contract: Contract
    long_name: str | None
    market_name: str | None
    stock_type: str | None
    industry: str | None
    category: str | None
    subcategory: str | None
    min_tick: Decimal | None
    price_magnifier: int
    min_size: Decimal | None
    size_increment: Decimal | None
    suggested_size_increment: Decimal | None
    valid_exchanges: tuple[str, ...]
    market_rule_ids: tuple[int, ...]
    order_types: tuple[str, ...]
    contract_month: str | None
    last_trade_at: datetime | None
    under_con_id: int | None
    under_symbol: str | None
    under_sec_type: str | None
    agg_group: int | None
    sec_ids: Mapping[str, str]
    time_zone_id: str | None
    as_sent: m.ContractDetails

    def trading_hours(self, *, liquid: bool = False) -> TradingHours:
        """When it trades, or, `liquid`, when it trades regularly ("regular trading hours").

        Raises NoData if IBKR gave no hours, UnreadableAnswer for a zone or text that is not known.
        """
        text = self.as_sent.liquid_hours if liquid else self.as_sent.trading_hours
        if not text or not self.time_zone_id:
            raise NoData(f"IBKR gave no trading hours for {shown(self.contract)}")
        return parse_hours(text, self.time_zone_id)

    def market_rule_id(self, exchange: str | None = None) -> int | None:
        """The rule for prices at an exchange, None if IBKR names no rules; at the contract's own unless one is given.

        Raises InvalidRequest for an exchange where it does not trade, UnreadableAnswer if rules and exchanges, which
        IBKR lists in parallel, do not pair up.
        """
        if not self.market_rule_ids:
            return None
        if len(self.market_rule_ids) != len(self.valid_exchanges):
            raise UnreadableAnswer(
                f"{shown(self.contract)}: {len(self.market_rule_ids)} market rules "
                f"for {len(self.valid_exchanges)} exchanges"
            )
        wanted = exchange or self.contract.exchange or self.valid_exchanges[0]
        for one, rule_id in zip(self.valid_exchanges, self.market_rule_ids, strict=True):
            if one == wanted:
                return rule_id
        raise InvalidRequest(
            f"{shown(self.contract)} does not trade at {wanted}; its exchanges are {', '.join(self.valid_exchanges)}"
        )


def details_of(data: m.ContractData) -> ContractDetails:
    """The typed record of an answer. Raises UnreadableAnswer naming the field that cannot be read."""
    sent = data.contract_details or m.ContractDetails()
    contract = normal(data.contract or Contract())
    try:
        return ContractDetails(
            contract=contract,
            long_name=sent.long_name or None,
            market_name=sent.market_name or None,
            stock_type=sent.stock_type or None,
            industry=sent.industry or None,
            category=sent.category or None,
            subcategory=sent.subcategory or None,
            min_tick=_decimal("min_tick", sent.min_tick),
            price_magnifier=sent.price_magnifier or 1,
            min_size=_decimal("min_size", sent.min_size),
            size_increment=_decimal("size_increment", sent.size_increment),
            suggested_size_increment=_decimal("suggested_size_increment", sent.suggested_size_increment),
            valid_exchanges=_list(sent.valid_exchanges),
            market_rule_ids=_rule_ids(sent.market_rule_ids),
            order_types=_list(sent.order_types),
            contract_month=sent.contract_month or None,
            last_trade_at=_last_trade_at(data),
            under_con_id=sent.under_con_id or None,
            under_symbol=sent.under_symbol or None,
            under_sec_type=sent.under_sec_type or None,
            agg_group=None if sent.agg_group == _UNSET_INTEGER else sent.agg_group,
            sec_ids=sent.sec_id_list,
            time_zone_id=sent.time_zone_id or None,
            as_sent=sent,
        )
    except UnreadableAnswer as error:
        raise UnreadableAnswer(f"details of {shown(contract)}: {error.message}") from error


def _list(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _rule_ids(text: str | None) -> tuple[int, ...]:
    try:
        return tuple(map(int, _list(text)))
    except ValueError:
        raise UnreadableAnswer(f"market_rule_ids is {text!r}") from None


def _decimal(name: str, text: str | None) -> Decimal | None:
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise UnreadableAnswer(f"{name} is {text!r}") from None
    return value if value.is_finite() and abs(value) < _LARGEST else None


def _last_trade_at(data: m.ContractData) -> datetime | None:
    """When trading ends for good, where IBKR gives the time with the date (protocol notes, 3.1 and 3.25)."""
    text = (data.contract.last_trade_date_or_contract_month if data.contract else None) or ""
    found = _LAST_TRADE.fullmatch(text)
    if found is None:
        return None
    zone_id = found[3] or (data.contract_details.time_zone_id if data.contract_details else None) or ""
    try:
        local = datetime.strptime(f"{found[1]} {found[2][:5]}", "%Y%m%d %H:%M")  # noqa: DTZ007 - the zone follows
    except ValueError:
        raise UnreadableAnswer(f"the last trade date is {text!r}") from None
    return local.replace(tzinfo=zone_named(zone_id)).astimezone(UTC)
