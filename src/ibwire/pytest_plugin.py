"""The pytest plugin that comes with ibwire: a simulated gateway for each test that asks for one.

def test_my_client(simulated_gateway):
    client.connect(simulated_gateway.host, simulated_gateway.port)

@pytest.mark.simulated_gateway(seed=7, accounts=("DU1", "DU2"))
def test_my_client_with_two_accounts(simulated_gateway): ...
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ibwire.simulator import GatewayThread

MARKER = "simulated_gateway"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", f"{MARKER}(**options): options of the simulated gateway, such as seed, accounts, clock, is_read_only"
    )


@pytest.fixture
def simulated_gateway(request: pytest.FixtureRequest) -> Iterator[GatewayThread]:
    """A simulated gateway on a free port, in a thread of its own; closed when the test is over."""
    # Imported here: suites that do not use it should not pay for it.
    from ibwire.simulator import GatewayThread

    options: dict[str, Any] = {}
    for marker in request.node.iter_markers(MARKER):  # the closest first
        options = {**marker.kwargs, **options}
    with GatewayThread(**options) as gateway:
        yield gateway
