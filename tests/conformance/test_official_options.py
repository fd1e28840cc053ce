"""IBKR's own client finds the options of a chain, sees their computations, and trades one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ibapi.contract import Contract

from tests.conformance.test_official_client import CLIENT_IDS, Peer, assert_ends_well, contract, order, simulator
from tests.conformance.test_official_streams import level_1


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with simulator() as (process, port):
        yield port
        assert_ends_well(process)


@pytest.fixture
def peer(port: int) -> Iterator[Peer]:
    connected = Peer(port, next(CLIENT_IDS))
    connected.news.wait_for("nextValidId")
    yield connected
    connected.disconnect()
    connected.join()


def listed(peer: Peer, underlying: tuple[str, str, str, int]) -> tuple[list[str], list[float], str]:
    """Expiries, strikes and multiplier of the first chain on an underlying."""
    peer.api.reqSecDefOptParams(1, *underlying)
    peer.news.wait_for("securityDefinitionOptionParameterEnd", 1)
    _, _, _, _, multiplier, expiries, strikes = peer.news.calls("securityDefinitionOptionParameter")[0].arguments
    return sorted(expiries), sorted(strikes), multiplier


def found(peer: Peer, request_id: int, asked: Contract) -> list[Contract]:
    peer.api.reqContractDetails(request_id, asked)
    peer.news.wait_for("contractDetailsEnd", request_id)
    calls = peer.news.calls("contractDetails")
    return [call.arguments[1].contract for call in calls if call.arguments[0] == request_id]


@pytest.mark.parametrize(
    ("underlying", "terms"),
    [
        (("AAPL", "", "STK", 265598), {"symbol": "AAPL", "secType": "OPT", "exchange": "SMART", "currency": "USD"}),
        (("ES", "CME", "FUT", 649180671), {"symbol": "ES", "secType": "FOP", "exchange": "CME", "currency": "USD"}),
    ],
)
def test_official_client_gets_a_whole_expiry_one_option_and_the_same_by_its_id(
    peer: Peer, underlying: tuple[str, str, str, int], terms: dict[str, str]
) -> None:
    expiries, strikes, multiplier = listed(peer, underlying)
    every = found(peer, 2, contract(**terms, lastTradeDateOrContractMonth=expiries[-1]))
    assert sorted((one.strike, one.right) for one in every) == [(strike, right) for strike in strikes for right in "CP"]
    assert {one.multiplier for one in every} == {multiplier}
    assert len({one.conId for one in every}) == len(every)
    wanted = {"lastTradeDateOrContractMonth": expiries[-1], "strike": strikes[30], "right": "P"}
    (one,) = found(peer, 3, contract(**terms, **wanted))
    assert one.conId in {other.conId for other in every}
    (again,) = found(peer, 4, contract(conId=one.conId))
    assert (again.localSymbol, again.tradingClass) == (one.localSymbol, one.tradingClass)


def test_official_client_sees_computations_of_an_option_and_trades_it(peer: Peer) -> None:
    expiries, _, _ = listed(peer, ("AAPL", "", "STK", 265598))
    terms = {"symbol": "AAPL", "secType": "OPT", "exchange": "SMART", "currency": "USD", "multiplier": "100"}
    option = contract(**terms, lastTradeDateOrContractMonth=expiries[4], strike=250.0, right="C")
    level_1(peer, 2, option)
    model = peer.news.wait_for("tickOptionComputation", 2, 13).arguments
    _, _, _, volatility, delta, price, _, gamma, vega, theta, underlying = model
    assert 0.1 < volatility < 0.5
    assert 0 < delta < 1
    assert gamma > 0 < vega
    assert theta < 0
    bid = peer.news.wait_for("tickPrice", 2, 1).arguments[2]
    ask = peer.news.wait_for("tickPrice", 2, 2).arguments[2]
    assert max(underlying - 250, 0) < ask
    assert 0 < bid < ask
    assert price == pytest.approx((bid + ask) / 2, abs=1)
    number = peer.order_id()
    peer.api.placeOrder(number, option, order("BUY", "1"))
    report = peer.news.wait_for("commissionAndFeesReport").arguments[0]
    (execution,) = [call.arguments[2] for call in peer.news.calls("execDetails")]
    assert execution.price == pytest.approx(ask, abs=1)
    assert report.commissionAndFees == 1.0
    peer.api.reqPositions()
    position = peer.news.wait_for("position").arguments
    assert (position[1].localSymbol[:4], position[2]) == ("AAPL", 1)
    assert position[3] == pytest.approx(execution.price * 100 + 1.0)
