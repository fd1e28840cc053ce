"""The commands that trade, run in this process: what is refused, rejected, cancelled and listed."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ibwire.cli import connecting
from ibwire.cli.app import app
from ibwire.connection import ConnectionManager
from ibwire.settings import ConnectionSettings
from ibwire.simulator import GatewayThread
from ibwire.wire import messages as m

APPLE = m.Contract(con_id=265598, exchange="SMART")
MANUAL = m.Order(action="BUY", order_type="LMT", total_quantity="1", lmt_price=2.0)


@pytest.fixture
def gateway() -> Iterator[GatewayThread]:
    with GatewayThread(seed=1) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is begun in a folder of its own."""
    monkeypatch.chdir(tmp_path)


def at(gateway: GatewayThread, *arguments: str, **variables: str) -> Result:
    return CliRunner(env=variables).invoke(app, [*arguments, "--port", str(gateway.port)])


def placed(gateway: GatewayThread) -> int:
    return len(gateway.state().orders)


def complaint(result: Result) -> str:
    """The one line in which the command says why it failed."""
    assert result.exit_code == 1, result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, result.stderr
    return lines[0]


def bought(gateway: GatewayThread, *more: str) -> dict[str, object]:
    """What is told of an order that was placed."""
    result = at(gateway, "buy", "AAPL", "3", *(more or ("--limit", "1.00")), "--yes", "--json")
    assert result.exit_code == 0, result.stderr
    order: dict[str, object] = json.loads(result.stdout)["order"]
    return order


def test_only_a_what_if_places_nothing(gateway: GatewayThread) -> None:
    before = placed(gateway)
    result = at(gateway, "sell", "AAPL", "5", "--stop", "1.00", "--what-if", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["placed"] is False
    assert placed(gateway) == before


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (("NOPE", "1", "--market"), {}, r"\[200\] IBKR knows no contract NOPE"),
        (
            ("AAPL", "1", "--limit", "1.005"),
            {},
            r"1\.005 is no price of AAPL; .* 1\.00 and 1\.01; .*--round",
        ),
        (("AAPL", "10", "--market"), {"IBWIRE_TRADING_MAX_ORDER_QUANTITY": "5"}, r"guard: max_order_quantity"),
        (("AAPL", "1", "--market"), {"IBWIRE_TRADING_ACCOUNT": "DU7777777"}, r"guard: account"),
        (("AAPL", "1", "--market"), {"IBWIRE_TRADING_READ_ONLY": "yes"}, r"guard: read_only"),
        (("AAPL", "1", "--market"), {"IBWIRE_TRADING_ALLOWED_SYMBOLS": "MSFT"}, r"guards: allowed_symbols"),
        (
            ("AAPL", "1", "--limit", "1.00"),
            {"IBWIRE_TRADING_MAX_DISTANCE_PERCENT": "5"},
            r"guard: max_distance_percent",
        ),
        # A stop below the market is no stop: it buys at the market, which a quote tells.
        (("AAPL", "9", "--stop", "1.00"), {"IBWIRE_TRADING_MAX_ORDER_VALUE": "100"}, r"guard: max_order_value"),
    ],
)
def test_what_is_refused_here_is_one_line_and_nothing_is_sent(
    gateway: GatewayThread, arguments: tuple[str, ...], variables: dict[str, str], said: str
) -> None:
    before = placed(gateway)
    result = at(gateway, "buy", *arguments, "--yes", **variables)
    assert re.search(said, complaint(result))
    assert placed(gateway) == before


def test_a_rejected_order_says_why_in_ibkrs_words(gateway: GatewayThread) -> None:
    gateway.inject("reject_order", code=201, message="Order rejected - reason:no such luck")
    result = at(gateway, "buy", "AAPL", "1", "--limit", "1.00", "--yes")
    assert "no such luck" in complaint(result)
    assert "hint: " in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"is_read_only": True}, "Read-Only mode"),
        ({"accounts": ("U1234567",)}, "the account is a live one (guard: allow_live)"),
    ],
)
def test_a_gateway_that_may_not_trade_is_told_at_the_what_if(options: dict[str, object], said: str) -> None:
    with GatewayThread(seed=1, **options) as gateway:
        result = at(gateway, "buy", "AAPL", "1", "--market", "--yes")
        assert said in complaint(result)
        assert "sent: " not in result.stderr.replace("nothing was sent: ", "")
        assert placed(gateway) == 0


def test_all_are_cancelled_and_a_name_that_nobody_has_is_an_error(gateway: GatewayThread) -> None:
    bought(gateway)
    unknown = at(gateway, "cancel", "4711")
    assert (unknown.exit_code, unknown.stderr) == (
        *(1, "error: no open order is called 4711; hint: `ibwire orders --all` lists them\n"),
    )
    result = at(gateway, "cancel", "--all", "--json")
    assert [one["state"] for one in json.loads(result.stdout)] == ["cancelled"]
    assert {order.status for order in gateway.state().orders} == {"Cancelled"}


def test_what_ended_and_what_was_executed_is_listed(gateway: GatewayThread) -> None:
    order = bought(gateway, "--market", "--wait", "10")
    (ended,) = json.loads(at(gateway, "orders", "--completed", "--json").stdout)
    assert (ended["client_ref"], ended["state"], ended["filled"]) == (order["client_ref"], "Filled", "3")
    executions = json.loads(at(gateway, "orders", "--executions", "--json").stdout)
    assert sum(int(one["quantity"]) for one in executions) == 3
    assert {one["perm_id"] for one in executions} == {order["perm_id"]}
    held = json.loads(at(gateway, "positions", "--json").stdout)
    assert [(one["contract"], one["quantity"]) for one in held] == [("AAPL", "3")]
    assert float(held[0]["market_value"]) > 0
    assert float(held[0]["average_cost"]) > 0
    assert held[0]["unrealized_pnl"] is not None


def test_an_order_that_ends_unfilled_is_no_success_for_who_waits(gateway: GatewayThread) -> None:
    result = at(gateway, "buy", "AAPL", "1", "--limit", "1.00", "--tif", "IOC", "--yes", "--wait", "5")
    assert "not filled: the order has ended: cancelled, 0 of 1 filled" in complaint(result)


def test_rounding_is_asked_for(gateway: GatewayThread) -> None:
    order = bought(gateway, "--limit", "1.006", "--round")
    assert order["limit_price"] == "1.01"


def test_a_trailing_stop_of_so_many_percent(gateway: GatewayThread) -> None:
    result = at(gateway, "sell", "AAPL", "2", "--trail", "2%", "--tif", "GTC", "--yes", "--json")
    assert result.exit_code == 0, result.stderr
    order = json.loads(result.stdout)["order"]
    assert (order["order_type"], order["trailing_percent"], order["action"]) == ("TRAIL", "2", "SELL")


def test_an_order_that_has_filled_cannot_be_cancelled_and_one_name_too_few_is_said(gateway: GatewayThread) -> None:
    order = bought(gateway, "--market", "--wait", "10")
    result = at(gateway, "cancel", str(order["order_id"]))
    assert complaint(result) == "error: nothing was sent: the order has ended: it is filled"
    assert "name one order" in complaint(at(gateway, "cancel"))
    assert "name one of them" in complaint(at(gateway, "orders", "--completed", "--executions"))
    nothing = at(gateway, "cancel", "--all")
    assert (nothing.exit_code, nothing.stdout) == (0, "no order of ours is open\n")


def test_a_gateway_without_its_own_link_cancels_and_places_nothing(gateway: GatewayThread) -> None:
    bought(gateway)
    gateway.inject("connectivity_lost")
    for command in (("cancel", "--all"), ("buy", "AAPL", "1", "--limit", "1.00", "--yes")):
        assert "nothing was sent: the session is degraded" in complaint(at(gateway, *command))
    said = complaint(at(gateway, "halt", "--wait", "0.8"))
    assert said.endswith("not all orders have ended within 0.8 s; the session is degraded")
    assert [order.status for order in gateway.state().orders] == ["Submitted"]


def test_a_halt_keeps_the_first_reason_and_refuses_before_anybody_is_asked(gateway: GatewayThread) -> None:
    bought(gateway)
    assert at(gateway, "halt", "--reason", "enough").exit_code == 0
    again = at(gateway, "halt", "--json")
    assert json.loads(again.stdout)["halt"]["reason"] == "enough"
    result = at(gateway, "buy", "AAPL", "1", "--market", "--yes")
    assert "nothing was sent: trading is halted: enough; hint: `ibwire resume`" in complaint(result)
    assert {order.status for order in gateway.state().orders} == {"Cancelled"}
    resumed, not_halted = (CliRunner().invoke(app, ["resume"]) for _ in range(2))
    assert (resumed.exit_code, resumed.stdout[-9:]) == (0, ": enough\n")
    assert (not_halted.exit_code, not_halted.stdout.split(":")[0]) == (0, "trading was not halted")
    assert json.loads(CliRunner().invoke(app, ["resume", "--json"]).stdout)["was_halted"] is False


def test_a_global_cancel_that_is_refused_is_told() -> None:
    with GatewayThread(seed=1, is_read_only=True) as gateway:
        gateway.call(lambda one: one.desk.place_manual(APPLE, MANUAL))
        result = at(gateway, "halt", "--everything", "--wait", "2")
        assert "the gateway refused the global cancel: [321]" in complaint(result)
        assert "Read-Only" in result.stderr


def test_a_client_id_that_another_program_has_is_told_soon(
    gateway: GatewayThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "CLIENT_ID_WITHIN_S", 0.1)
    settings = ConnectionSettings(port=gateway.port, client_id=9)

    async def another() -> Result:
        async with ConnectionManager(settings):
            return await asyncio.to_thread(at, gateway, "orders", "--client-id", "9")

    result = asyncio.run(another())
    assert "another program is connected with client id 9" in complaint(result)
    assert "--client-id" in result.stderr


def test_a_limit_is_held_to_the_market_where_the_settings_say_so(gateway: GatewayThread) -> None:
    far = at(gateway, "buy", "AAPL", "1", "--limit", "1.00", "--yes", IBWIRE_TRADING_MAX_DISTANCE_PERCENT="5")
    assert re.search(r"a limit of 1\.00 is [\d.]+ % from 2\d\d", complaint(far))
    near = at(gateway, "buy", "AAPL", "1", "--limit", "252.00", "--yes", IBWIRE_TRADING_MAX_DISTANCE_PERCENT="5")
    assert near.exit_code == 0, near.stderr


def test_an_order_is_listed_cancelled_and_its_life_told(gateway: GatewayThread) -> None:
    order = bought(gateway)
    gateway.call(lambda one: one.desk.place_manual(APPLE, MANUAL))
    listed = at(gateway, "orders")
    (row,) = csv.DictReader(io.StringIO(listed.stdout))
    assert (row["client_ref"], row["state"], row["quantity"], row["contract"]) == (
        *(order["client_ref"], "Submitted", "3", "AAPL"),
    )
    assert listed.stderr == "and 1 that ibwire did not place: --all shows them\n"
    everybodys = json.loads(at(gateway, "orders", "--all", "--json").stdout)
    manual = next(one for one in everybodys if one["client_ref"] is None)
    refused = at(gateway, "cancel", str(manual["perm_id"]))
    assert refused.exit_code == 1
    assert refused.stderr.startswith("error: nothing was sent: the order is of the TWS user")
    cancelled = at(gateway, "cancel", str(order["perm_id"]))
    assert (cancelled.exit_code, cancelled.stderr) == (0, "")
    assert cancelled.stdout == f"BUY AAPL, reference {order['client_ref']}: cancelled, 0 of 3 filled\n"
    again = at(gateway, "cancel", str(order["client_ref"]))
    assert (again.exit_code, again.stderr) == (1, "error: nothing was sent: the order has ended: it is cancelled\n")
    life = CliRunner().invoke(app, ["journal", "show", str(order["client_ref"])])
    kinds = [row["kind"] for row in csv.DictReader(io.StringIO(life.stdout))]
    assert kinds[:2] == ["intent", "sent"]
    assert {"cancel", "ended"} <= set(kinds)
    assert "BUY 3 AAPL at a limit of 1" in life.stdout


def test_accounts_and_positions_as_lines() -> None:
    with GatewayThread(seed=1, accounts=("DU1", "U2")) as gateway:
        rows = list(csv.DictReader(io.StringIO(at(gateway, "account", "--account", "U2").stdout)))
        assert {row["account"] for row in rows} == {"U2"}
        assert {"NetLiquidation", "BuyingPower"} <= {row["key"] for row in rows}
        nothing = at(gateway, "positions")
        assert (nothing.exit_code, len(nothing.stdout.splitlines())) == (0, 1)
        which = at(gateway, "buy", "AAPL", "1", "--market", "--yes")
        assert "the login has 2 accounts, name one" in complaint(which)
        given = at(gateway, "buy", "AAPL", "1", "--market", "--yes", "--account", "DU1", "--wait", "5", "--json")
        assert json.loads(given.stdout)["order"]["account"] == "DU1"
        (held,) = json.loads(at(gateway, "positions", "--account", "DU1", "--json").stdout)
        assert (held["account"], held["quantity"], held["currency"]) == ("DU1", "1", "USD")
