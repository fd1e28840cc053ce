"""`ibwire cancel` and `orders`, as a person or a script uses them."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ibwire.simulator import GatewayThread
from tests.helpers.commands import ibwire


@pytest.fixture
def gateway() -> Iterator[GatewayThread]:
    with GatewayThread(seed=1) as gateway:
        yield gateway


def at(gateway: GatewayThread, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return ibwire(*arguments, "--port", str(gateway.port), cwd=cwd)


def bought(gateway: GatewayThread, cwd: Path, *more: str) -> dict[str, object]:
    """What is told of an order that was placed."""
    result = at(gateway, "buy", "AAPL", "3", *(more or ("--limit", "1.00")), "--yes", "--json", cwd=cwd)
    assert result.returncode == 0, result.stderr
    order: dict[str, object] = json.loads(result.stdout)["order"]
    return order


def test_an_order_is_listed_and_cancelled(gateway: GatewayThread, tmp_path: Path) -> None:
    order = bought(gateway, tmp_path)
    listed = at(gateway, "orders", cwd=tmp_path)
    (row,) = csv.DictReader(io.StringIO(listed.stdout))
    assert (row["client_ref"], row["state"], row["quantity"]) == (order["client_ref"], "Submitted", "3")
    cancelled = at(gateway, "cancel", str(order["perm_id"]), cwd=tmp_path)
    assert (cancelled.returncode, cancelled.stderr) == (0, "")
    assert cancelled.stdout == f"BUY AAPL, reference {order['client_ref']}: cancelled, 0 of 3 filled\n"


def test_without_a_gateway_it_says_how_to_get_one(tmp_path: Path) -> None:
    result = ibwire("cancel", "7", "--port", "1", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(r"error: no TCP connection .*`ibwire sim --port 1`.*\n", result.stderr)
