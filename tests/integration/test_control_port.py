"""The HTTP control port: what it shows, what it does, how it says no, and that it comes and goes with its gateway."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from typing import Any

import httpx
import pytest

from ibwire.simulator import NO_LIMITS, GatewayLimits, ManualClock, SimulatedGateway
from ibwire.simulator.faults import FAULTS
from ibwire.wire import messages as m
from tests.helpers.controlled import controlled, port_of
from tests.helpers.scripted_feed import ScriptedFeed
from tests.helpers.simulated import (
    AAPL_CONTRACT,
    MSFT_CONTRACT,
    NOW_S,
    OPENING,
    TSLA_CONTRACT,
    bought,
    limit,
    placed,
    raw,
    simulated,
)

STILL: dict[str, Any] = {"feed": ScriptedFeed(OPENING)}


async def test_state_tells_clients_orders_executions_positions_and_cash() -> None:
    async with controlled(**STILL, accounts=("DU1", "DU2")) as control, raw(control.gateway, 7) as client:
        await control.advance(1)
        client.send(m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT), m.PnLRequest(req_id=2, account="DU2"))
        await client.answers_to(bought(1, "30", order_ref="mine", account="DU2"))
        await client.answers_to(placed(2, limit("SELL", "5", 999.0, account="DU1"), MSFT_CONTRACT))
        await client.answers_to(placed(2, limit("SELL", "6", 999.0, account="DU1"), MSFT_CONTRACT))
        state = await control.state()
        assert (state["now_s"], state["elapsed_s"]) == (NOW_S + 1, 1.0)
        (told,) = state["clients"]
        session = control.gateway.session_of(7)
        assert session is not None
        assert told == {
            "client_id": 7,
            "server_version": 226,
            "messages_received": session.messages_received,
            "highest_per_s": session.messages_received,
            "subscriptions": [
                {"request_id": 1, "request": "MarketDataRequest", "of": "AAPL"},
                {"request_id": 2, "request": "PnLRequest", "of": "DU2"},
            ],
        }
        filled, working = state["orders"]
        assert filled == {
            "order_id": 1,
            "client_id": 7,
            "perm_id": filled["perm_id"],
            "order_ref": "mine",
            "account": "DU2",
            "contract": {"con_id": 265598, "symbol": "AAPL", "local_symbol": "AAPL", "sec_type": "STK"},
            "action": "BUY",
            "order_type": "MKT",
            "quantity": "30",
            "filled": "30",
            "status": "Filled",
            "times_received": 1,
        }
        assert (working["status"], working["quantity"], working["times_received"]) == ("Submitted", "6", 2)
        (execution,) = state["executions"]
        assert (execution["order_id"], execution["side"], execution["quantity"]) == (1, "BOT", "30")
        assert (execution["price"], execution["perm_id"]) == ("100.1", filled["perm_id"])
        (position,) = state["positions"]
        assert (position["account"], position["quantity"]) == ("DU2", "30")
        assert state["cash"]["DU1"] == {"USD": "1000000"}
        assert float(state["cash"]["DU2"]["USD"]) == 1_000_000 - 3003 - float(execution["commission"])


async def test_state_remembers_clients_that_left_and_orders_that_were_refused() -> None:
    async with controlled(**STILL) as control:
        async with raw(control.gateway, 7) as client:
            await client.answers_to(bought(0, "10"))
            await client.answers_to(bought(1, "10", tif="NONSENSE"))
        state = await control.state()
        assert state["clients"] == []
        assert [one["client_id"] for one in state["clients_gone"]] == [7]
        assert state["orders"] == []
        assert [(one["order_id"], one["times_received"]) for one in state["orders_received"]] == [(0, 1), (1, 1)]


async def test_violations_are_told_though_the_gateway_only_slows_the_client_down() -> None:
    async with controlled(**STILL, limits=GatewayLimits(market_data_lines=1)) as control:
        async with raw(control.gateway, 7) as client:
            client.send(*[m.CurrentTimeRequest()] * 60)
            await client.fence()
            for number, contract in enumerate((AAPL_CONTRACT, TSLA_CONTRACT)):
                await client.answers_to(m.MarketDataRequest(req_id=number, contract=contract))
        state = await control.state()
        assert {violation["code"] for violation in state["violations"]} == {100, 101}
        assert {violation["client_id"] for violation in state["violations"]} == {7}
        assert state["violations_counted"] == len(state["violations"])
        assert 61 <= state["clients_gone"][0]["highest_per_s"] <= 65


async def test_client_within_the_limit_has_no_violation() -> None:
    async with controlled(**STILL, limits=GatewayLimits()) as control, raw(control.gateway, 7) as client:
        await client.answers_to(*[m.CurrentTimeRequest()] * (50 - 3))  # its start and two fences are messages, too
        state = await control.state()
        assert state["violations"] == []
        assert state["clients"][0]["highest_per_s"] <= 50


# --- saying no


REFUSALS: list[tuple[str, object, int, str]] = [
    ("/faults", {"kind": "earthquake"}, 400, "there are client_id_in_use, clock_skew"),
    ("/faults", {"down_for_s": 3}, 400, "a fault needs its 'kind'"),
    ("/faults", {"kind": 3}, 400, "a fault needs its 'kind'"),
    ("/faults", ["restart"], 400, "Expected `object`"),
    ("/faults", {"kind": "restart", "down_for": 3}, 400, "restart has no parameter 'down_for'; it has down_for_s"),
    ("/faults", {"kind": "restart", "down_for_s": -1}, 400, "down_for_s = -1"),
    ("/faults", {"kind": "restart", "down_for_s": "3"}, 400, "down_for_s = '3'"),
    ("/faults", {"kind": "stall"}, 400, "stall needs 'for_s'"),
    ("/faults", {"kind": "slow", "bytes_per_second": 0}, 400, "bytes_per_second = 0"),
    ("/faults", {"kind": "farm_down", "farm": "mine"}, 400, "there are cashfarm"),
    ("/faults", {"kind": "silent_stream", "symbol": "NOPE"}, 400, "no such local symbol; there are"),
    ("/clock", {"advance_s": 0}, 400, "advance_s"),
    ("/clock", {"advance_s": 1e9}, 400, "advance_s"),
    ("/clock", {"advance": 1}, 400, "advance"),
    ("/quotes", {"symbol": "NOPE", "bid": 1}, 400, "there is no 'NOPE'; there are"),
    ("/quotes", {"bid": 1}, 400, "either 'symbol', its local symbol, or 'con_id'"),
    ("/quotes", {"symbol": "AAPL"}, 400, "at least one of bid"),
    ("/quotes", {"symbol": "AAPL", "bids": 1}, 400, "bids"),
    ("/orders", {"symbol": "AAPL", "action": "BUY"}, 400, "quantity"),
    ("/nowhere", {}, 404, "there are GET /state, POST /faults"),
    ("/state", {}, 405, "there are GET /state, POST /faults"),
]


async def test_what_is_wrong_is_said_as_json() -> None:
    async with controlled(**STILL) as control:
        for path, body, status, complaint in REFUSALS:
            answer = await control.http.post(path, json=body)
            assert (answer.status_code, complaint in answer.json()["error"]) == (status, True), (
                path,
                body,
                answer.text,
            )
        assert (await control.state())["active_faults"] == []


async def test_everything_wrong_with_a_fault_is_said_at_once() -> None:
    async with controlled(**STILL) as control:
        answer = await control.http.post("/faults", json={"kind": "stall", "for_s": None, "long": True})
        error = answer.json()["error"]
        assert "for_s = None" in error
        assert "no parameter 'long'" in error


async def test_body_that_is_no_json_or_far_too_long_is_refused() -> None:
    async with controlled(**STILL) as control:
        for content, status in ((b"{", 400), (b"", 400), (b"\xff", 400), (b" " * 2_000_000, 413)):
            answer = await control.http.post("/faults", content=content)
            assert (answer.status_code, list(answer.json())) == (status, ["error"])


@pytest.mark.parametrize("headers", [{"Origin": "http://127.0.0.1"}, {"Host": "attacker.example"}])
async def test_web_pages_are_kept_out(headers: dict[str, str]) -> None:
    async with controlled(**STILL) as control:
        for answer in (
            await control.http.get("/state", headers=headers),
            await control.http.post("/faults", json={"kind": "disconnect"}, headers=headers),
        ):
            assert answer.status_code == 403
            assert "not for web pages" in answer.json()["error"]


async def test_real_clock_cannot_be_advanced() -> None:
    async with simulated(control_port=0) as gateway, port_of(gateway) as http:
        answer = await http.post("/clock", json={"advance_s": 1})
        assert answer.status_code == 409
        assert "real" in answer.json()["error"]


async def test_fault_that_goes_wrong_itself_is_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: object) -> None:
        raise OSError("no such luck")

    monkeypatch.setitem(FAULTS, "broken", broken)
    async with controlled(**STILL) as control:
        await control.fault("broken")
        await control.state()
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        "a fault could not be carried out: no such luck"
    ]


# --- coming and going


async def test_control_port_listens_on_loopback_only_and_goes_with_its_gateway() -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    before = asyncio.all_tasks()
    async with SimulatedGateway(limits=NO_LIMITS, clock=ManualClock(NOW_S), control_port=0) as gateway:
        assert gateway.control_port
        with socket.create_connection(("127.0.0.1", gateway.control_port)) as connection:
            assert connection.getpeername()[0] == "127.0.0.1"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", gateway.control_port))
        async with port_of(gateway) as http:
            assert (await http.get("/state")).status_code == 200
            assert {number: signal.getsignal(number) for number in handlers} == handlers
            await gateway.stop()
            with pytest.raises(httpx.TransportError):
                await http.get("/state")
    assert asyncio.all_tasks() == before


async def test_gateway_whose_control_port_is_taken_does_not_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gateway = simulated(control_port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            await gateway.start()
    assert gateway.sessions == set()
    assert not gateway.is_listening
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_stop_while_a_fault_is_under_way_ends_it() -> None:
    async with controlled(**STILL) as control:
        await control.fault("restart", down_for_s=1000)
        await control.fault("stall", for_s=1000)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_quote_is_set_streamed_and_met_by_orders() -> None:
    async with controlled(**STILL) as control, raw(control.gateway, 7) as client:
        await control.advance(1)
        client.send(m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT))
        await client.answers_to(placed(1, limit("BUY", "10", 95.0)))
        answer = await control.http.post("/quotes", json={"symbol": "AAPL", "ask": 94.5, "ask_size": 7})
        assert (answer.status_code, answer.json()["con_id"]) == (200, 265598)
        await client.fence()
        assert 94.5 in [one.price for one in client.messages if isinstance(one, m.TickPrice)]
        (order,) = (await control.state())["orders"]
        assert (order["filled"], order["status"]) == ("7", "Submitted")


async def test_manual_order_is_placed_as_the_user_of_tws_does() -> None:
    async with controlled(**STILL) as control:
        await control.advance(1)
        body = {"symbol": "AAPL", "action": "BUY", "quantity": 10, "order_type": "LMT", "limit_price": 90.0}
        answer = await control.http.post("/orders", json=body)
        assert answer.status_code == 200, answer.text
        (order,) = answer.json()["orders"]
        assert (order["order_id"], order["client_id"], order["perm_id"]) == (0, 0, answer.json()["perm_id"])
        refused = await control.http.post("/orders", json={**body, "limit_price": 90.001})
        assert (refused.status_code, "110" in refused.text) == (400, True)
