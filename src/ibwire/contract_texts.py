"""Contracts as text, for settings, commands and logs: `parse_contract` and `format_contract`, each other's inverse.

    AAPL                                a stock on SMART in dollars
    EUR.USD                             a currency pair on IDEALPRO
    KIND:part:part…:field=value…        anything else; the parts of each kind are these, those with a default last

    STK     symbol : exchange=SMART : currency=USD                              STK:BMW:IBIS:EUR
    CASH    symbol : currency : exchange=IDEALPRO                               CASH:EUR:USD
    FUT     symbol : exchange : expiry : currency=USD                           FUT:ES:CME:202612
    CONTFUT symbol : exchange : currency=USD                                    CONTFUT:ES:CME      (also FUT+CONTFUT)
    OPT     symbol : expiry : right : strike : exchange=SMART : currency=USD    OPT:AAPL:20261218:C:200
    FOP     symbol : exchange : expiry : right : strike : currency=USD          FOP:ES:CME:20261218:P:6500
    IND     symbol : exchange : currency=USD                                    IND:SPX:CBOE
    CFD     symbol : exchange=SMART : currency=USD                              CFD:IBUS500
    BOND    symbol : exchange=SMART : currency=USD                              BOND:912828C57      (also BILL)
    CRYPTO  symbol : exchange=PAXOS : currency=USD                              CRYPTO:BTC
    CMDTY   symbol : exchange=SMART : currency=USD                              CMDTY:XAUUSD
    FUND    symbol : exchange=FUNDSERV : currency=USD                           FUND:VINIX
    WAR     symbol : exchange : expiry : right : strike : currency=EUR          WAR:ALV:FWB:20261216:C:250   (also IOPT)
    EC      symbol : exchange : expiry : right : strike : currency=USD          EC:FF:FORECASTX:20261216:C:4
    NEWS    symbol : exchange                                                   NEWS:BRFG%3ABRFG_ALL:BRFG
    BAG     symbol : legs : exchange=SMART : currency=USD                       BAG:SPY:+1x265598@SMART,-2x272093@SMART
    ID      con_id : exchange                                                   ID:265598:SMART

A part left empty is not given, or has its default if it has one; parts at the end may be left out. `field=value` sets
any other field by the record's name (`STK:AAPL:primary_exch=NASDAQ`), or a part to something else; with nothing behind
the `=` to nothing. A leg is `+` (buy), `-` (sell) or `~` (sell short), ratio, `x`, con_id, `@` and exchange. `%` and
two hexadecimal digits stand for a character that would be misread: `%3A` for a colon. The terms of a delta-neutral
contract, and those of legs beyond these, have no text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from msgspec.structs import asdict

from ibwire.contract_rules import RIGHTS, checked, invalid, normal, problems_in
from ibwire.wire.messages import ComboLeg, Contract

_EXPIRY = "last_trade_date_or_contract_month"
_OPTION = ("symbol", _EXPIRY, "right", "strike")
_FUTURE_OPTION = ("symbol", "exchange", _EXPIRY, "right", "strike")

_LAYOUTS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "STK": (("symbol",), {"exchange": "SMART", "currency": "USD"}),
    "CASH": (("symbol", "currency"), {"exchange": "IDEALPRO"}),
    "FUT": (("symbol", "exchange", _EXPIRY), {"currency": "USD"}),
    "CONTFUT": (("symbol", "exchange"), {"currency": "USD"}),
    "FUT+CONTFUT": (("symbol", "exchange"), {"currency": "USD"}),
    "OPT": (_OPTION, {"exchange": "SMART", "currency": "USD"}),
    "FOP": (_FUTURE_OPTION, {"currency": "USD"}),
    "IND": (("symbol", "exchange"), {"currency": "USD"}),
    "CFD": (("symbol",), {"exchange": "SMART", "currency": "USD"}),
    "BOND": (("symbol",), {"exchange": "SMART", "currency": "USD"}),
    "BILL": (("symbol",), {"exchange": "SMART", "currency": "USD"}),
    "CRYPTO": (("symbol",), {"exchange": "PAXOS", "currency": "USD"}),
    "CMDTY": (("symbol",), {"exchange": "SMART", "currency": "USD"}),
    "FUND": (("symbol",), {"exchange": "FUNDSERV", "currency": "USD"}),
    "WAR": (_FUTURE_OPTION, {"currency": "EUR"}),
    "IOPT": (_FUTURE_OPTION, {"currency": "EUR"}),
    "EC": (_FUTURE_OPTION, {"currency": "USD"}),
    "NEWS": (("symbol", "exchange"), {}),
    "BAG": (("symbol", "combo_legs"), {"exchange": "SMART", "currency": "USD"}),
    "ID": (("con_id", "exchange"), {}),
}
"""By kind: the parts in order, and those after them with their defaults."""

_ID = "ID"
"""The kind of a contract that has a con_id and says nothing of its type."""

_FIELD = re.compile(r"([a-z_]+)=(.*)", re.DOTALL)
_PAIR = re.compile(r"([A-Z]{3})\.([A-Z]{3})")
_LEG = re.compile(r"([-+~])([0-9]{1,9})x([0-9]{1,10})@(.*)", re.DOTALL)
_ACTIONS = {"+": "BUY", "-": "SELL", "~": "SSHORT"}
_SIGNS = {action: sign for sign, action in _ACTIONS.items()}
_SPECIAL = re.compile(r"[%:=,]")


def parse_contract(text: str) -> Contract:
    """The contract that a text means; the module's docstring states the grammar.

    Raises one InvalidRequest that names everything that is wrong with it.
    """
    text = text.strip()
    if not text:
        raise invalid("a contract's text", ["it is empty"])
    if ":" not in text:
        pair = _PAIR.fullmatch(text)
        text = f"CASH:{pair[1]}:{pair[2]}" if pair else f"STK:{text}"
    kind, *parts = text.split(":")
    if kind not in _LAYOUTS:
        raise invalid(f"the contract {text[:80]!r}", [f"{kind!r} is no kind; there are {', '.join(_LAYOUTS)}"])
    texts, problems = _texts_of(kind, parts)
    given: dict[str, Any] = {"sec_type": None if kind == _ID else kind, **_LAYOUTS[kind][1]}
    for name, part in texts.items():
        try:
            given[name] = _READERS[name](part) if part else _EMPTY.get(name)
        except ValueError as error:
            problems.append(f"{name} is {part!r}; {error}")
            given[name] = _STAND_INS.get(name)
    contract = Contract(**given)
    problems += problems_in(contract)
    if problems:
        raise invalid(f"the contract {text[:80]!r}", problems)
    return contract


def _texts_of(kind: str, parts: list[str]) -> tuple[dict[str, str], list[str]]:
    """The text of each field that is given, and what is wrong with the parts as such."""
    fields = [found for part in parts if (found := _FIELD.fullmatch(part))]
    positional = [part for part in parts if not _FIELD.fullmatch(part)]
    names = (*_LAYOUTS[kind][0], *_LAYOUTS[kind][1])
    problems = [
        f"{found[1]!r} is no field; there are {', '.join(_READERS)}" for found in fields if found[1] not in _READERS
    ]
    if len(positional) > len(names):
        problems.append(f"it has {len(positional)} parts; {kind} has {' : '.join(names)}")
    texts = {name: part for name, part in zip(names, positional, strict=False) if part}
    return texts | {found[1]: found[2] for found in fields if found[1] in _READERS}, problems


def format_contract(contract: Contract) -> str:
    """The shortest text of a contract: `parse_contract` makes the same one of it, IBKR's stand-ins for nothing as None.

    Raises InvalidRequest for a contract that means nothing, or says what has no text.
    """
    contract = checked(normal(contract))
    without = [] if contract.delta_neutral_contract is None else ["delta_neutral_contract"]
    without += [f"leg {number}" for number, leg in enumerate(contract.combo_legs, 1) if _has_more_terms(leg)]
    if without:
        raise invalid("a contract", [f"{', '.join(without)}: terms that have no text"])
    kind = contract.sec_type or _ID
    required, defaults = _LAYOUTS[kind]
    given = asdict(contract)
    del given["sec_type"]
    parts = [_written(name, given.pop(name)) for name in required]
    cleared = []
    for name, default in defaults.items():
        value = given.pop(name)
        parts.append("" if value == default else _written(name, value))
        if value is None:
            cleared.append(f"{name}=")
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    fields = [f"{name}={_written(name, value)}" for name, value in given.items() if value != _EMPTY.get(name)]
    if not (cleared or fields):
        if kind == "STK" and len(parts) == 1 and not _PAIR.fullmatch(parts[0]):
            return parts[0]
        if kind == "CASH" and _PAIR.fullmatch(pair := ".".join(parts)):
            return pair
    return ":".join([kind, *parts, *cleared, *fields])


def shown(contract: Contract) -> str:
    """A contract for a message: its text, or the record as Python shows it where it has none."""
    try:
        return format_contract(contract)
    except ValueError:
        return repr(contract)


def _written(name: str, value: Any) -> str:
    if value is None or value == _EMPTY.get(name):
        return ""
    if name == "combo_legs":
        return ",".join(f"{_SIGNS[leg.action]}{leg.ratio}x{leg.con_id}@{_escaped(leg.exchange)}" for leg in value)
    if isinstance(value, bool):
        return str(value).lower()
    return repr(float(value)).removesuffix(".0") if isinstance(value, float) else _escaped(str(value))


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"%{ord(found[0]):02X}", text)


def _has_more_terms(leg: ComboLeg) -> bool:
    return leg != ComboLeg(con_id=leg.con_id, ratio=leg.ratio, action=leg.action, exchange=leg.exchange)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("it is a number") from None


def _whole_number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("it is a whole number")
    return int(text)


def _yes_or_no(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("it is true or false")
    return text == "true"


def _right(text: str) -> str:
    return RIGHTS.get(text.upper(), text)


def _legs(text: str) -> tuple[ComboLeg, ...]:
    legs = []
    for part in text.split(","):
        found = _LEG.fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r} is no leg; a leg is like +1x265598@SMART")
        action, exchange = _ACTIONS[found[1]], unquote(found[4])
        legs.append(ComboLeg(con_id=int(found[3]), ratio=int(found[2]), action=action, exchange=exchange))
    return tuple(legs)


_EMPTY: dict[str, Any] = {"con_id": 0, "combo_legs": ()}
"""What a field has that is not given, where that is not None."""

_STAND_INS: dict[str, Any] = {
    "con_id": 1,
    "combo_legs": (ComboLeg(con_id=1, ratio=1, action="BUY", exchange="SMART"),),
}
"""What takes the place of a field that cannot be read while the others are checked, where None would be wrong, too."""

_READERS: dict[str, Callable[[str], Any]] = {
    **{name: unquote for name in Contract.__struct_fields__ if name not in ("sec_type", "delta_neutral_contract")},
    "con_id": _whole_number,
    "strike": _number,
    "multiplier": _number,
    "right": _right,
    "include_expired": _yes_or_no,
    "combo_legs": _legs,
}
"""How the text of each field that may be written is read; ValueError says what is wrong with it."""
