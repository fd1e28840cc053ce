"""Which contract is meant, by what IBKR answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.contract_matching import deciding_fields, the_one, wanted
from ibwire.exceptions import AmbiguousContract, InvalidRequest, NoSecurityDefinition
from ibwire.wire import messages as m
from ibwire.wire.messages import Contract
from tests.helpers.campaigns import campaign


def answer(con_id: int, exchange: str = "SMART", valid: str = "SMART,NYSE", **fields: object) -> m.ContractData:
    given = {"symbol": "X", "sec_type": "STK", "currency": "USD"} | fields
    contract = Contract(con_id=con_id, exchange=exchange, **given)  # type: ignore[arg-type]
    return m.ContractData(contract=contract, contract_details=m.ContractDetails(valid_exchanges=valid))


def chosen(asked: Contract, *answers: m.ContractData) -> Contract:
    found = the_one(asked, answers).contract
    assert found is not None
    return found


ASKED = Contract(symbol="X", sec_type="STK")


def test_the_exchange_is_the_one_asked_for_or_smart_or_ibkrs() -> None:
    assert chosen(Contract(symbol="X", sec_type="STK", exchange="NYSE"), answer(1, "NYSE")).exchange == "NYSE"
    assert chosen(ASKED, answer(1, "NYSE"), answer(1, "SMART")).exchange == "SMART"
    assert chosen(ASKED, answer(1, "NYSE")).exchange == "SMART"
    assert chosen(ASKED, answer(1, "CME", "CME,QBALGO")).exchange == "CME"


def expiring(month: str) -> dict[str, object]:
    return {"sec_type": "FUT", "last_trade_date_or_contract_month": f"2026{month}18 08:30 US/Central"}


def option(strike: float, right: str) -> dict[str, object]:
    return {"sec_type": "OPT", "strike": strike, "right": right}


@pytest.mark.parametrize(
    ("candidates", "deciding"),
    [
        ([{"currency": "USD"}, {"currency": "EUR"}], ("currency",)),
        ([{"primary_exch": "NYSE"}, {"primary_exch": "LSE"}], ("primary_exch",)),
        ([expiring("03"), expiring("06")], ("last_trade_date_or_contract_month",)),
        ([option(1.0, "C"), option(1.0, "P"), option(2.0, "C")], ("strike", "right")),
        ([{}, {}], ("con_id",)),
    ],
)
def test_an_ambiguous_answer_lists_the_candidates_and_what_would_decide(
    candidates: list[dict[str, object]], deciding: tuple[str, ...]
) -> None:
    with pytest.raises(AmbiguousContract) as caught:
        the_one(ASKED, [answer(number, **fields) for number, fields in enumerate(candidates, start=1)])
    assert caught.value.deciding == deciding
    assert " and ".join(deciding) in str(caught.value)
    assert len(caught.value.candidates) == len(candidates)
    assert all(f"(con_id {number})" in caught.value.message for number in range(1, len(candidates) + 1))


def test_a_long_list_of_candidates_is_cut_in_the_text_but_not_in_the_error() -> None:
    with pytest.raises(AmbiguousContract, match="and 88 more") as caught:
        the_one(ASKED, [answer(number, primary_exch=f"E{number}") for number in range(1, 101)])
    assert len(caught.value.candidates) == 100


@campaign(part=100, full=5_000)
@given(
    st.lists(
        st.builds(
            Contract,
            con_id=st.integers(1, 99),
            currency=st.sampled_from(["USD", "EUR"]),
            primary_exch=st.sampled_from(["A", "B", None]),
            strike=st.sampled_from([1.0, 2.0]),
        ),
        min_size=2,
        max_size=6,
        unique_by=lambda one: one.con_id,
    )
)
def test_the_deciding_fields_do_set_every_candidate_apart(candidates: list[Contract]) -> None:
    fields = deciding_fields(candidates)
    assert len({tuple(getattr(one, name) for name in fields) for one in candidates}) == len(candidates)


def test_nothing_is_an_error_that_names_what_was_asked() -> None:
    with pytest.raises(NoSecurityDefinition, match="FUT:ES:CME:202612"):
        the_one(
            Contract(
                symbol="ES",
                sec_type="FUT",
                exchange="CME",
                currency="USD",
                last_trade_date_or_contract_month="202612",
            ),
            [],
        )


def test_event_contracts_are_no_options_on_futures() -> None:
    answers = [answer(1, sec_type="EC"), answer(2, sec_type="FOP")]
    found = wanted(Contract(symbol="ES", sec_type="FOP"), answers)
    assert [one.contract.con_id for one in found if one.contract] == [2]
    assert len(wanted(Contract(symbol="ES", sec_type="EC"), answers)) == 2


def test_a_con_id_with_what_contradicts_it_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="its symbol is X, not Y"):
        the_one(Contract(con_id=1, symbol="Y"), [answer(1)])
    assert chosen(Contract(con_id=1, symbol="X"), answer(1)).con_id == 1
    assert chosen(Contract(con_id=1, sec_type="CONTFUT"), answer(1, sec_type="FUT")).con_id == 1
