"""From what IBKR answered to a description of a contract, the one contract that is meant, or why there is none.

Pure functions of what was asked and what came. An ambiguous answer is an error that lists the candidates and the field
that would decide, because IBKR itself just sends them all (protocol notes, 3.8).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ibwire.contract_rules import normal
from ibwire.contract_texts import shown
from ibwire.exceptions import AmbiguousContract, InvalidRequest, NoSecurityDefinition
from ibwire.wire import messages as m
from ibwire.wire.messages import Contract

_DECIDING = (
    *("currency", "primary_exch", "last_trade_date_or_contract_month", "strike", "right", "trading_class"),
    *("multiplier", "sec_type", "exchange", "symbol", "local_symbol"),
)
"""What tells candidates apart, what a person would name first coming first; a con_id always does."""

_IDENTIFYING = ("symbol", "sec_type", "currency", "strike", "right")
_CONTINUOUS = frozenset({"CONTFUT", "FUT+CONTFUT"})
_MOST_LISTED = 12


def wanted(asked: Contract, answers: Sequence[m.ContractData]) -> tuple[m.ContractData, ...]:
    """The answers that are what was asked for: a look-up of options on futures brings event contracts too."""
    return tuple(
        m.ContractData(contract=one.contract, contract_details=one.contract_details)
        for one in answers
        if one.contract is not None and (one.contract.sec_type != "EC" or asked.sec_type in ("EC", None))
    )


def the_one(asked: Contract, answers: Sequence[m.ContractData]) -> m.ContractData:
    """The one contract that the answers are about, its contract normal and at the exchange that was asked for.

    Where none was asked for it is SMART if the contract trades there, or else the exchange that IBKR names. Several
    answers may be about the same contract, one for each exchange.
    Raises NoSecurityDefinition, AmbiguousContract, or InvalidRequest if a con_id is given with what contradicts it.
    """
    if not answers:
        raise NoSecurityDefinition(f"IBKR knows no contract {shown(asked)}")
    candidates: dict[int | None, Contract] = {}
    for one in answers:
        contract = normal(one.contract or Contract())
        candidates.setdefault(contract.con_id, contract)
    if len(candidates) > 1:
        raise ambiguous(asked, list(candidates.values()))
    exchange = asked.exchange or _own_exchange(answers)
    chosen = next((one for one in answers if one.contract and one.contract.exchange == exchange), answers[0])
    contract = replace(
        normal(chosen.contract or Contract()), exchange=exchange, include_expired=asked.include_expired or None
    )
    _check_agreement(asked, contract)
    return m.ContractData(contract=contract, contract_details=chosen.contract_details)


def ambiguous(asked: Contract, candidates: Sequence[Contract]) -> AmbiguousContract:
    """The error that lists the candidates and says which field would decide."""
    deciding = deciding_fields(candidates)
    listed = [f"{shown(_short(one))} (con_id {one.con_id})" for one in candidates[:_MOST_LISTED]]
    if len(candidates) > _MOST_LISTED:
        listed.append(f"and {len(candidates) - _MOST_LISTED} more")
    error = AmbiguousContract(
        f"{shown(asked)} may be any of {len(candidates)}: {', '.join(listed)}",
        hint=f"add {' and '.join(deciding)}, or the con_id",
    )
    error.candidates, error.deciding = tuple(candidates), deciding
    return error


def deciding_fields(candidates: Sequence[Contract]) -> tuple[str, ...]:
    """The field that sets every candidate apart from the others; if none does alone, those that do together."""
    fields: list[str] = []
    for name in _DECIDING:
        values = {getattr(one, name) for one in candidates}
        if len(values) == len(candidates):
            return (name,)
        if len(values) > 1:
            fields.append(name)
    kept: list[str] = []
    for name in fields:
        before, after = (len(_told_apart(candidates, names)) for names in (kept, [*kept, name]))
        if after > before:
            kept.append(name)
    return tuple(kept) if len(_told_apart(candidates, kept)) == len(candidates) else ("con_id",)


def _told_apart(candidates: Sequence[Contract], names: Sequence[str]) -> set[tuple[object, ...]]:
    return {tuple(getattr(one, name) for name in names) for one in candidates}


def _own_exchange(answers: Sequence[m.ContractData]) -> str | None:
    first = answers[0]
    valid = first.contract_details.valid_exchanges if first.contract_details is not None else None
    if "SMART" in (valid or "").split(","):
        return "SMART"
    return first.contract.exchange if first.contract is not None else None


def _check_agreement(asked: Contract, found: Contract) -> None:
    """A con_id decides alone; what else is given must not mean another instrument."""
    if not asked.con_id:
        return
    against = [
        f"{name} is {getattr(found, name)}, not {getattr(asked, name)}"
        for name in _IDENTIFYING
        if getattr(asked, name) is not None
        and getattr(asked, name) != getattr(found, name)
        and not (name == "sec_type" and asked.sec_type in _CONTINUOUS)
    ]
    if against:
        raise InvalidRequest(
            f"con_id {asked.con_id} is {shown(_short(found))}: its {'; its '.join(against)}",
            hint="correct the con_id, or leave it out",
        )


def _short(contract: Contract) -> Contract:
    """What people call the contract: enough to recognise it in a list."""
    return replace(contract, con_id=0, last_trade_date=None, description=None, include_expired=None)
