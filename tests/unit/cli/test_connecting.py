"""How commands get their session: which client id, and what they wait for."""

from __future__ import annotations

import pytest

from ibwire.cli import connecting
from ibwire.cli.connecting import OWN_CLIENT_IDS, Gateway, connected
from ibwire.connection import ConnectionManager
from ibwire.exceptions import ClientIdInUse, ConnectionRefused
from ibwire.settings import ConnectionSettings
from ibwire.simulator import SimulatedGateway
from tests.helpers.strangers import nobody


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.chdir(str(tmp_path))


async def test_client_id_that_stays_in_use_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "CLIENT_ID_WITHIN_S", 0.1)
    async with SimulatedGateway() as gateway, ConnectionManager(ConnectionSettings(port=gateway.port, client_id=5)):
        with pytest.raises(ClientIdInUse):
            async with connected(Gateway(port=gateway.port, client_id=5)):
                pass


async def test_several_commands_at_once_have_client_ids_of_their_own() -> None:
    async with SimulatedGateway() as gateway:
        here = Gateway(port=gateway.port)
        async with connected(here) as first, connected(here) as second:
            assert {first.client_id, second.client_id} == {OWN_CLIENT_IDS, OWN_CLIENT_IDS + 1}


async def test_gateway_that_is_not_there_is_not_waited_for_whatever_the_settings_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IBWIRE_WATCHDOG_WAITS_AT_START", "true")
    with nobody() as stranger, pytest.raises(ConnectionRefused, match=f"ibwire sim --port {stranger.port}"):
        async with connected(Gateway(port=stranger.port)):
            pass
