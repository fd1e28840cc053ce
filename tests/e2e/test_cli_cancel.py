"""`ibwire cancel`, `orders` and `journal show`, as a person or a script uses them."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ibwire.simulator import GatewayThread
from ibwire.wire import messages as m
from tests.helpers.commands import ibwire

MANUAL = m.Order(action="BUY", order_type="LMT", total_quantity="1", lmt_price=2.0)
APPLE = m.Contract(con_id=265598, exchange="SMART")


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


def test_an_order_is_listed_cancelled_and_its_life_told(gateway: GatewayThread, tmp_path: Path) -> None:
    order = bought(gateway, tmp_path)
    gateway.call(lambda one: one.desk.place_manual(APPLE, MANUAL))
    listed = at(gateway, "orders", cwd=tmp_path)
    (row,) = csv.DictReader(io.StringIO(listed.stdout))
    assert (row["client_ref"], row["state"], row["quantity"], row["contract"]) == (
        *(order["client_ref"], "Submitted", "3", "AAPL"),
    )
    assert listed.stderr == "and 1 that ibwire did not place: --all shows them\n"
    everybodys = json.loads(at(gateway, "orders", "--all", "--json", cwd=tmp_path).stdout)
    manual = next(one for one in everybodys if one["client_ref"] is None)
    refused = at(gateway, "cancel", str(manual["perm_id"]), cwd=tmp_path)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: nothing was sent: the order is of the TWS user")
    cancelled = at(gateway, "cancel", str(order["perm_id"]), cwd=tmp_path)
    assert (cancelled.returncode, cancelled.stderr) == (0, "")
    assert cancelled.stdout == f"BUY AAPL, reference {order['client_ref']}: cancelled, 0 of 3 filled\n"
    again = at(gateway, "cancel", str(order["client_ref"]), cwd=tmp_path)
    assert (again.returncode, again.stderr) == (1, "error: nothing was sent: the order has ended: it is cancelled\n")
    life = ibwire("journal", "show", str(order["client_ref"]), cwd=tmp_path)
    kinds = [row["kind"] for row in csv.DictReader(io.StringIO(life.stdout))]
    assert kinds[:2] == ["intent", "sent"]
    assert {"cancel", "ended"} <= set(kinds)
    assert "BUY 3 AAPL at a limit of 1" in life.stdout
