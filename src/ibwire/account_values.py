"""Account values: what IBKR says of an account by key, and how its keys are read.

The same value is written in several ways, by setting of the gateway and by kind of request. Here it is one: the key
without the prefix "$LEDGER-" and without the suffix of its segment (protocol notes, 3.9).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from decimal import Decimal
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from ibwire.account_numbers import decimal_of, is_unset
from ibwire.exceptions import InvalidRequest
from ibwire.wire import Message
from ibwire.wire import messages as m

BASE = "BASE"
"""The currency of the rows that sum up all currencies, in the account's base currency."""

SUMMARY_TAGS = (
    *("AccountType", "NetLiquidation", "TotalCashValue", "SettledCash", "AccruedCash", "BuyingPower"),
    *("EquityWithLoanValue", "PreviousEquityWithLoanValue", "GrossPositionValue", "ReqTEquity", "ReqTMargin", "SMA"),
    *("InitMarginReq", "MaintMarginReq", "AvailableFunds", "ExcessLiquidity", "Cushion"),
    *("FullInitMarginReq", "FullMaintMarginReq", "FullAvailableFunds", "FullExcessLiquidity"),
    *("LookAheadNextChange", "LookAheadInitMarginReq", "LookAheadMaintMarginReq"),
    *("LookAheadAvailableFunds", "LookAheadExcessLiquidity", "HighestSeverity", "DayTradesRemaining", "Leverage"),
    "$LEDGER:ALL",
)
"""Everything that an account summary can be asked for (IBKR's AccountSummaryTags), the rows by currency last."""

_LEDGER_PREFIX = "$LEDGER-"

_LEDGER_KEYS = frozenset(
    {
        *("AccountOrGroup", "CashBalance", "CorporateBondValue", "Cryptocurrency", "Currency", "ExchangeRate"),
        *("FundValue", "FutureOptionValue", "FuturesPNL", "FxCashBalance", "IssuerOptionValue", "MoneyMarketFundValue"),
        *("MutualFundValue", "NetDividend", "NetLiquidationByCurrency", "OptionMarketValue", "RealCurrency"),
        *("RealizedPnL", "StockMarketValue", "TBillValue", "TBondValue", "TotalCashBalance", "UnrealizedPnL"),
        "WarrantValue",
    }
)
"""Keys that only rows by currency have: a gateway that sets no prefix sends them bare."""

_NAMES = frozenset({"AccountCode", "AccountOrGroup"})
"""Values that are names, whatever they look like."""


class AccountValue(Struct, frozen=True, kw_only=True):
    """One value: `value` if it is a number, `text` if it is none; neither if IBKR leaves it unset, or it is gone.

    A number is in `currency`, where there is one; "BASE" marks a sum over all currencies. `is_ledger` tells the values
    by currency from those of the whole account: "AccruedCash" in USD is both. `segment` is "" for the whole account, S
    for securities, C for commodities.
    """

    account: str
    key: str
    value: Decimal | None = None
    text: str | None = None
    currency: str = ""
    segment: str = ""
    is_ledger: bool = False
    model_code: str = ""

    @property
    def identity(self) -> Hashable:
        """Everything but the value."""
        whose = (self.account, self.model_code)
        return (AccountValue, *whose, self.key, self.segment, self.currency, self.is_ledger)

    @property
    def is_over(self) -> bool:
        """Never: what is unset is still known to be so."""
        return False

    def emptied(self) -> Self:
        """The same without a value."""
        return replace(self, value=None, text=None)


def read_account_value(message: Message) -> AccountValue | None:
    """A value as the gateway sends it in any of three ways; None for another message, or one that names nothing."""
    match message:
        case m.AccountValue(account_name=str(account), key=str(key)):
            return _value(account, key, message.value, message.currency)
        case m.AccountUpdateMulti(account=str(account), key=str(key)):
            return _value(account, key, message.value, message.currency, message.model_code)
        case m.AccountSummary(account=str(account), tag=str(key)):
            return _value(account, key, message.value, message.currency)
    return None


def is_resetting(row: object) -> bool:
    """Whether this says that IBKR is just resetting the account, and its numbers are not to be trusted."""
    return isinstance(row, AccountValue) and row.key == "AccountReady" and (row.text or "").lower() == "false"


def find(
    rows: Iterable[AccountValue],
    key: str,
    *,
    account: str | None = None,
    currency: str | None = None,
    segment: str = "",
    is_ledger: bool | None = None,
) -> AccountValue | None:
    """The row of this key; None if there is none. What is not given may be anything, if that leaves one row.

    A value of the whole account goes before the same by currency. Raises InvalidRequest naming what there is to choose
    from.
    """
    found = [
        row
        for row in rows
        if (row.key, row.segment) == (key, segment)
        and (account is None or row.account == account)
        and (currency is None or row.currency == currency)
        and (is_ledger is None or row.is_ledger is is_ledger)
    ]
    found = [row for row in found if not row.is_ledger] or found
    if len(found) > 1:
        choices = ", ".join(sorted(f"account={row.account!r} currency={row.currency!r}" for row in found))
        raise InvalidRequest(f"{len(found)} values are called {key!r}: {choices}", hint="name the account or currency")
    return found[0] if found else None


def _value(
    account: str, name: str, text: str | None, currency: str | None, model_code: str | None = None
) -> AccountValue:
    key, segment, has_prefix = _split(name)
    number = None if key in _NAMES else decimal_of(text)
    return AccountValue(
        account=account,
        key=key,
        value=number,
        text=None if number is not None or is_unset(text) else text,
        currency=currency or "",
        segment=segment,
        is_ledger=has_prefix or currency == BASE or key in _LEDGER_KEYS,
        model_code=model_code or "",
    )


def _split(name: str) -> tuple[str, str, bool]:
    """A key of IBKR's in its parts: the bare key, the segment, and whether it is marked as one by currency."""
    key = name.removeprefix(_LEDGER_PREFIX)
    segment = key[-1:] if key[-2:-1] == "-" and key[-1:].isupper() else ""
    return (key[:-2] if segment else key), segment, key != name
