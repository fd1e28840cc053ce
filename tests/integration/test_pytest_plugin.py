"""The pytest plugin, as the suites of its users see it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading

import pytest

from ibwire.simulator import BadFault, GatewayThread, ManualClock, NotManual
from ibwire.wire import ClientProtocol, Message, encode
from ibwire.wire import messages as m
from tests.helpers.simulated import AAPL_CONTRACT, NOW_S

PLUGIN = ("-p", "ibwire.pytest_plugin", "-p", "no:asyncio")


class Blocking:
    """A client without a loop, as many are."""

    def __init__(self, gateway: GatewayThread, client_id: int = 1) -> None:
        self.wire = ClientProtocol()
        self.socket = socket.create_connection((gateway.host, gateway.port), timeout=10)
        self.socket.sendall(self.wire.hello + encode(m.StartApiRequest(client_id=client_id)))
        self.until(m.NextValidId)

    def until(self, kind: type[Message]) -> list[Message]:
        """Read until such a message comes; everything up to it."""
        messages: list[Message] = []
        while not any(isinstance(message, kind) for message in messages):
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("closed")
            messages += self.wire.receive(data)
        return messages

    def ask(self, message: Message, kind: type[Message]) -> list[Message]:
        self.socket.sendall(encode(message))
        return self.until(kind)


def test_gateway_serves_a_blocking_client_and_is_controlled_from_the_test(simulated_gateway: GatewayThread) -> None:
    client = Blocking(simulated_gateway)
    assert client.ask(m.CurrentTimeRequest(), m.CurrentTime)
    assert [one.client_id for one in simulated_gateway.state().clients] == [1]
    simulated_gateway.start_fault("competing_session")
    assert [fault.kind for fault in simulated_gateway.state().active_faults] == ["competing_session"]
    simulated_gateway.inject("disconnect")
    with pytest.raises(ConnectionError):
        client.until(m.CurrentTime)
    client.socket.close()
    with pytest.raises(BadFault, match="earthquake"):
        simulated_gateway.inject("earthquake")
    with pytest.raises(NotManual):
        simulated_gateway.advance(1)


@pytest.mark.simulated_gateway(seed=3, accounts=("DU1", "DU2"), clock=ManualClock(NOW_S))
class TestOptions:
    def test_marker_gives_the_options(self, simulated_gateway: GatewayThread) -> None:
        client = Blocking(simulated_gateway)
        assert m.ManagedAccounts("DU1,DU2") in client.ask(m.ManagedAccountsRequest(), m.ManagedAccounts)
        client.ask(m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT), m.TickReqParams)
        simulated_gateway.start_fault("stall", for_s=30)
        simulated_gateway.advance(31)
        client.until(m.TickPrice)
        assert simulated_gateway.state().now_s == NOW_S + 31
        client.socket.close()

    @pytest.mark.simulated_gateway(accounts=("DU9",))
    def test_marker_that_is_closer_wins(self, simulated_gateway: GatewayThread) -> None:
        assert simulated_gateway.state().accounts == ("DU9",)


def test_restart_is_waited_for_by_inject(simulated_gateway: GatewayThread) -> None:
    simulated_gateway.inject("restart", down_for_s=0.2)
    assert simulated_gateway.state().is_listening
    Blocking(simulated_gateway).socket.close()


def test_thread_ends_with_its_gateway_and_a_port_in_use_is_told() -> None:
    with GatewayThread() as gateway:
        assert any(thread.name == "simulated gateway" for thread in threading.enumerate())
        with pytest.raises(OSError, match="in use"), GatewayThread(port=gateway.port):
            pass
    assert not any(thread.name == "simulated gateway" for thread in threading.enumerate())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((gateway.host, gateway.port))
    with pytest.raises(TypeError, match="seed"):
        GatewayThread(seed=1, feed=None)


def test_users_suite_has_fixture_and_marker(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import socket, pytest

        @pytest.mark.simulated_gateway(accounts=("DU7",))
        def test_connects(simulated_gateway):
            socket.create_connection((simulated_gateway.host, simulated_gateway.port)).close()
            assert simulated_gateway.state().accounts == ("DU7",)

        @pytest.mark.simulated_gateway(colour="red")
        def test_with_a_wrong_option(simulated_gateway):
            pass
    """)
    result = pytester.runpytest(*PLUGIN, "--strict-markers", "-W", "error")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*TypeError*'colour'*"])
    markers = pytester.runpytest(*PLUGIN, "--markers")
    markers.stdout.fnmatch_lines(["@pytest.mark.simulated_gateway(*options*"])


def test_suite_that_does_not_use_it_pays_next_to_nothing() -> None:
    code = "import sys, ibwire.pytest_plugin; print([name for name in sys.modules if name.startswith('ibwire')])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "['ibwire', 'ibwire.pytest_plugin']"
