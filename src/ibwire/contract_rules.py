"""What a contract must say to mean something, whoever made it; and the one way of saying "not given".

`Contract` is the wire's own record, so that every service takes the same one and nothing is converted on the way: it
has all of IBKR's fields, is frozen and hashable, and an absent field is None. A second record would differ from it in
nothing but its name. Strike and multiplier are floats because IBKR's are; they name an instrument, they are no prices.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Any

from msgspec.structs import asdict

from ibwire.exceptions import InvalidRequest
from ibwire.wire.messages import ComboLeg, Contract

SEC_TYPES = {
    "STK": "stock or ETF",
    "CASH": "currency pair",
    "FUT": "future",
    "CONTFUT": "continuous future, for historical data",
    "FUT+CONTFUT": "futures and the continuous one, for look-ups",
    "OPT": "option",
    "FOP": "option on a future",
    "IND": "index",
    "CFD": "contract for difference",
    "BOND": "bond",
    "BILL": "treasury bill",
    "CRYPTO": "crypto currency",
    "CMDTY": "commodity",
    "FUND": "mutual fund",
    "WAR": "warrant",
    "IOPT": "structured product",
    "EC": "event contract",
    "NEWS": "news feed",
    "BAG": "combination of legs",
}
"""IBKR's security types (protocol notes, 3.1)."""

SEC_ID_TYPES = ("CUSIP", "ISIN", "SEDOL", "RIC", "FIGI")
RIGHTS = {"C": "C", "CALL": "C", "P": "P", "PUT": "P"}
LEG_ACTIONS = ("BUY", "SELL", "SSHORT")

_WITH_STRIKE = frozenset({"OPT", "FOP", "WAR", "IOPT", "EC"})
_MAX_CON_ID = 2**31 - 1
_EXPIRY_WITH_TIME = re.compile(r"([0-9]{8})[ -].+")
_CURRENCY = re.compile(r"[A-Z]{3,5}")


def normal(contract: Contract) -> Contract:
    """The same contract with None for everything that is not given, as none of IBKR's stand-ins for it is kept.

    IBKR echoes "" for missing text, and some text with blanks around it; for what is no option also a strike of 0 and a
    right of "0" or "?". Its expiry may have a time behind it ("20260618 08:30 US/Central"), which is cut off. Source:
    protocol notes, 3.1. Raises InvalidRequest for what is no contract.
    """
    if not isinstance(contract, Contract):
        raise no_contract(contract)
    given: dict[str, Any] = {
        name: value.strip() or None if isinstance(value, str) else value for name, value in asdict(contract).items()
    }
    given["con_id"] = contract.con_id or 0
    is_option = contract.sec_type in _WITH_STRIKE
    given["right"] = RIGHTS.get(str(contract.right).upper(), given["right"] if is_option else None)
    if not (is_option or contract.strike):
        given["strike"] = None
    if not contract.multiplier:
        given["multiplier"] = None
    for name in ("last_trade_date_or_contract_month", "last_trade_date"):
        if with_time := _EXPIRY_WITH_TIME.fullmatch(str(given[name])):
            given[name] = with_time[1]
    return Contract(**given)


def checked(contract: Contract) -> Contract:
    """The contract, if it can mean something. Raises InvalidRequest naming everything that is wrong with it."""
    problems = problems_in(contract)
    if problems:
        raise invalid(f"{contract.sec_type or 'contract'} {contract.symbol or ''}".strip(), problems)
    return contract


def invalid(what: str, problems: list[str]) -> InvalidRequest:
    """One error for all problems of a contract."""
    return InvalidRequest(f"{what}: {'; '.join(problems)}", hint="correct what the message names; nothing was sent")


def no_contract(given: object) -> InvalidRequest:
    """The error for what is no contract: mostly the text of one."""
    return InvalidRequest(
        f"{given!r} ({type(given).__name__}) is no contract", hint="parse_contract(text), or Stock('AAPL') and the like"
    )


def problems_in(contract: Contract) -> list[str]:
    """What is wrong with a contract that `normal` or a constructor made, a phrase each; nothing if it may be sent."""
    return [*_text_problems(contract), *_identity_problems(contract), *_term_problems(contract), *_legs(contract)]


def _text_problems(contract: Contract) -> list[str]:
    problems = []
    for name, value in asdict(contract).items():
        if isinstance(value, str) and (not value or value != value.strip() or not value.isprintable()):
            problems.append(f"{name} is {value!r}; text is printable, without blanks at its ends, or left out")
        elif name in _TEXT_FIELDS and value is not None and not isinstance(value, str):
            problems.append(f"{name} is {value!r}; it is text")
    return problems


def _identity_problems(contract: Contract) -> list[str]:
    problems = []
    con_id, sec_type = contract.con_id, contract.sec_type
    if isinstance(con_id, bool) or not isinstance(con_id, int) or not 0 <= con_id <= _MAX_CON_ID:
        problems.append(f"con_id is {con_id!r}; it is a whole number, 0 for none")
    if sec_type is None and not con_id:
        problems.append("sec_type is missing")
    elif sec_type is not None and sec_type not in SEC_TYPES:
        problems.append(f"sec_type is {sec_type!r}; there are {', '.join(SEC_TYPES)}")
    if not (con_id or contract.symbol or contract.local_symbol or contract.sec_id):
        problems.append("nothing names the instrument: give symbol, local_symbol, sec_id or con_id")
    if (contract.sec_id is None) != (contract.sec_id_type is None):
        problems.append("sec_id and sec_id_type belong together")
    elif contract.sec_id_type is not None and contract.sec_id_type not in SEC_ID_TYPES:
        problems.append(f"sec_id_type is {contract.sec_id_type!r}; there are {', '.join(SEC_ID_TYPES)}")
    currency = contract.currency
    if isinstance(currency, str) and not _CURRENCY.fullmatch(currency):
        problems.append(f"currency is {currency!r}; currencies are like USD")
    return problems


def _term_problems(contract: Contract) -> list[str]:
    problems = []
    for name in ("last_trade_date_or_contract_month", "last_trade_date"):
        value = getattr(contract, name)
        if isinstance(value, str) and not is_expiry(value):
            problems.append(f"{name} is {value!r}; an expiry is YYYYMM or YYYYMMDD")
    if contract.right is not None and contract.right not in ("C", "P"):
        problems.append(f"right is {contract.right!r}; it is C or P")
    if contract.strike is not None and not _is_number(contract.strike):
        problems.append(f"strike is {contract.strike!r}; it is a number")
    if contract.multiplier is not None and not (_is_number(contract.multiplier) and contract.multiplier > 0):
        problems.append(f"multiplier is {contract.multiplier!r}; it is a number above 0")
    return problems


def _legs(contract: Contract) -> list[str]:
    if contract.sec_type != "BAG":
        return ["combo_legs are only for a BAG"] if contract.combo_legs else []
    if not contract.combo_legs:
        return ["a BAG has legs"]
    return [
        f"leg {number}: {problem}"
        for number, leg in enumerate(contract.combo_legs, start=1)
        for problem in _leg_problems(leg)
    ]


def _leg_problems(leg: ComboLeg) -> list[str]:
    problems = []
    if not (isinstance(leg.con_id, int) and 0 < leg.con_id <= _MAX_CON_ID):
        problems.append(f"con_id is {leg.con_id!r}; a leg is named by the con_id of its contract: qualify that first")
    if not (isinstance(leg.ratio, int) and leg.ratio > 0):
        problems.append(f"ratio is {leg.ratio!r}; it is a whole number above 0")
    if leg.action not in LEG_ACTIONS:
        problems.append(f"action is {leg.action!r}; there are {', '.join(LEG_ACTIONS)}")
    if not leg.exchange:
        problems.append("exchange is missing")
    return problems


def is_expiry(text: str) -> bool:
    """Whether text is a contract month YYYYMM or a date YYYYMMDD that exists."""
    form = {6: "%Y%m", 8: "%Y%m%d"}.get(len(text))
    if form is None or not (text.isascii() and text.isdigit()):
        return False
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - a day or a month, no time
    except ValueError:
        return False
    return True


def expiry_text(expiry: str | date | None) -> str | None:
    """An expiry as IBKR writes it: a date becomes YYYYMMDD, text stays."""
    return f"{expiry:%Y%m%d}" if isinstance(expiry, date) else expiry


def _is_number(value: object) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value)


_TEXT_FIELDS = frozenset(Contract.__struct_fields__) - {
    *("con_id", "strike", "multiplier", "delta_neutral_contract", "include_expired", "combo_legs"),
}
