"""`ibwire doctor` on gateways with something wrong: what it recognises, and that the rest is looked at all the same."""

from __future__ import annotations

from typing import Any

import pytest

from ibwire.cli import connecting, gateway_checks
from ibwire.cli.connecting import Gateway
from ibwire.cli.doctor import diagnose
from ibwire.cli.findings import Finding, Verdict
from ibwire.connection import ConnectionManager
from ibwire.settings import ConnectionSettings, TradingSettings
from ibwire.simulator import GeneratedFeed, SimulatedGateway
from ibwire.wire import messages as m
from tests.helpers.strangers import OLD_GATEWAY, TOO_OLD, WEB_SERVER, answering, behind_tls

FARM_DOWN = m.ErrorMessage(id=-1, error_code=2103, error_msg="Market data farm connection is broken:usfarm")
FARM_UP = m.ErrorMessage(id=-1, error_code=2104, error_msg="Market data farm connection is OK:usfarm")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gateway_checks, "READ_ONLY_TIMEOUT_S", 0.2)
    monkeypatch.setattr(gateway_checks, "SNAPSHOT_TIMEOUT_S", 0.2)


def simulated(**options: Any) -> SimulatedGateway:
    return SimulatedGateway(feed=GeneratedFeed(seed=1), **options)


async def look(port: int, **more: Any) -> dict[str, Finding]:
    found = await diagnose(Gateway(port=port, **more), symbol="AAPL", timeout_s=0.3)
    return {one.check: one for one in found}


def told(found: dict[str, Finding]) -> dict[str, Verdict]:
    """What is not OK."""
    return {check: one.verdict for check, one in found.items() if one.verdict not in (Verdict.OK, Verdict.SKIP)}


@pytest.mark.parametrize(
    ("options", "check", "verdict", "text"),
    [
        ({"is_read_only": True}, "read-only API", Verdict.WARN, "its API is read-only"),
        ({"is_read_only": True, "max_version": 218}, "read-only API", Verdict.WARN, "it may be read-only"),
        ({"accounts": ("U1234", "DU5")}, "accounts", Verdict.WARN, "U1234 (live), DU5 (paper); the settings expect"),
        ({"permissions": {"AAPL": "none"}}, "market data", Verdict.FAIL, "neither live nor delayed"),
        ({"permissions": {"AAPL": "delayed"}}, "market data", Verdict.WARN, "delayed quotes only: [10168]"),
        ({"permissions": {"AAPL": "tws_only"}}, "market data", Verdict.WARN, "delayed quotes only: [10089]"),
    ],
)
async def test_gateway_with_one_thing_wrong(options: dict[str, Any], check: str, verdict: Verdict, text: str) -> None:
    async with simulated(**options) as gateway:
        found = await look(gateway.port)
    assert told(found) == {check: verdict}
    assert text in found[check].text
    assert found[check].fix


@pytest.mark.parametrize("version", [213, 218, 219])
async def test_gateway_that_takes_orders_is_no_read_only_one_in_any_version(version: int) -> None:
    async with simulated(max_version=version) as gateway:
        found = await look(gateway.port)
    assert told(found) == {}
    assert found["server version"].text.startswith(str(version))


@pytest.mark.parametrize(
    ("fault", "parameters", "expected"),
    [
        ("competing_session", {}, {"market data": Verdict.FAIL}),
        ("clock_skew", {"seconds": 60}, {"clock": Verdict.WARN}),
        ("farm_down", {"farm": "usfarm"}, {"IBKR": Verdict.WARN, "market data": Verdict.WARN}),
    ],
)
async def test_gateway_in_trouble(fault: str, parameters: dict[str, Any], expected: dict[str, Verdict]) -> None:
    async with simulated() as gateway:
        gateway.start_fault(fault, parameters)
        found = await look(gateway.port)
    assert told(found) == expected
    assert all(found[check].fix for check in expected)


async def test_gateway_without_a_link_to_ibkr() -> None:
    async with simulated() as gateway:
        gateway.start_fault("connectivity_lost", {})
        found = await look(gateway.port)
    assert found["IBKR"].verdict is Verdict.FAIL
    assert found["handshake"].verdict is Verdict.OK


async def test_client_id_in_use_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "CLIENT_ID_WITHIN_S", 0.1)
    async with simulated() as gateway, ConnectionManager(ConnectionSettings(port=gateway.port, client_id=5)):
        found = await look(gateway.port, client_id=5)
    assert told(found) == {"handshake": Verdict.FAIL}
    assert "connected with client id 5" in found["handshake"].text
    assert found["accounts"].verdict is Verdict.SKIP


@pytest.mark.parametrize(
    ("reply", "check", "text"),
    [
        (WEB_SERVER, "handshake", "is a web server, no gateway"),
        (None, "handshake", "the gateway's hello did not come within 0.3 s"),
        (b"", "handshake", "the gateway closed the connection before it was ready"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "handshake", "no hello of a gateway"),
        (OLD_GATEWAY, "server version", TOO_OLD),
    ],
    ids=["web server", "silence", "hangs up", "ssh", "too old"],
)
async def test_stranger_on_the_port(reply: bytes | None, check: str, text: str) -> None:
    with answering(reply) as stranger:
        found = await look(stranger.port)
    assert told(found) == {check: Verdict.FAIL}
    assert text in found[check].text
    assert found[check].fix
    assert found["tcp"].verdict is Verdict.OK


async def test_program_behind_tls_is_recognised_even_if_it_refuses_us() -> None:
    with behind_tls() as stranger:
        found = await look(stranger.port)
    assert "is a program that speaks TLS, no gateway" in found["handshake"].text


def test_account_of_the_settings_that_the_login_has_not() -> None:
    found = gateway_checks.accounts(("DU1",), TradingSettings(account="DU222"))
    assert found.verdict is Verdict.FAIL
    assert "DU222" not in found.text  # the settings' account is never shown


def test_live_account_is_well_where_it_is_meant() -> None:
    found = gateway_checks.accounts(("U1",), TradingSettings(allow_live=True))
    assert (found.verdict, found.text) == (Verdict.OK, "U1 (live); orders for live accounts are allowed")


def test_farm_that_came_back_is_not_reported() -> None:
    state = gateway_checks.ConnectionState.CONNECTED
    assert gateway_checks.links(state, [FARM_DOWN]).text == "the gateway has no link to usfarm (Market data)"
    assert gateway_checks.links(state, [FARM_DOWN, FARM_UP]).verdict is Verdict.OK
