"""One journal at two logins: of an order for the other's account nothing is claimed, and nothing is done to it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from ibwire.events import EventType
from ibwire.exceptions import InvalidOrder, OrderOfAnotherLogin
from ibwire.order_states import OrderState
from ibwire.orders import limit
from tests.helpers.scripted_gateway import PORT
from tests.helpers.sessions import told
from tests.helpers.simulated import AAPL_CONTRACT, simulated
from tests.helpers.simulated import limit as wire_limit
from tests.helpers.trading_floor import APPLE, QUIET_S, a_moment, floor, of_journal, trader
from tests.helpers.virtual_time import on_virtual_time

pytestmark = pytest.mark.filterwarnings("ignore::async_solipsism.SolipsismWarning")  # sockets in memory have no reset

MANUAL = wire_limit("BUY", "10", 99.0)


@on_virtual_time
async def test_an_order_of_another_login_stands_as_it_stood_until_its_own_login_is_back(tmp_path: Path) -> None:
    async with simulated(port=PORT, accounts=("DU1",)) as gateway:
        await a_moment()
        async with trader(tmp_path) as session:
            handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
            await handle.acknowledged()
        ref = handle.key.client_ref

        async with simulated(port=PORT + 1, accounts=("DU2",)) as elsewhere:
            await a_moment()
            async with trader(tmp_path, seed=2, port=PORT + 1) as other:
                own = await other.trading.place(APPLE, limit("BUY", 10, 99))
                await own.acknowledged()
                await other.trading.reconcile()
                stranger, _ = other.trading.orders
                assert (stranger.key.client_ref, stranger.status) == (ref, OrderState.SUBMITTED)
                (error,) = [event.data for event in told(other, EventType.ERROR) if "of the journal" in str(event.data)]
                assert isinstance(error, OrderOfAnotherLogin)
                assert "1 open orders of the journal are for DU1, this login has DU2" in str(error)
                with pytest.raises(OrderOfAnotherLogin, match="the order is for DU1, this login has DU2"):
                    await stranger.cancel()
                with pytest.raises(InvalidOrder, match="an account that the login has not"):
                    await stranger.modify(limit_price=Decimal(98))
                await other.trading._halt.begin("enough", other.now())
                await a_moment(5)
                assert (stranger.status, own.status) == (OrderState.SUBMITTED, OrderState.CANCELLED)
                await other.trading.resume()
            assert len(elsewhere.state().orders) == 1

        assert of_journal(tmp_path)[ref] == (OrderState.SUBMITTED, 0)
        async with trader(tmp_path, seed=3) as again:
            await again.trading.ready()
            (back,) = again.trading.orders
            await back.cancel()
            assert await back.done() is OrderState.CANCELLED
        (at_gateway,) = gateway.state().orders
        assert at_gateway.status == "Cancelled"


@on_virtual_time
async def test_another_login_in_the_middle_ends_no_order_of_the_first(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 1, 99))
        await handle.acknowledged()
        await gateway.go_down()
        async with simulated(port=PORT, accounts=("DU7",)) as another:
            another.desk.place_manual(AAPL_CONTRACT, MANUAL)  # permanent ids are IBKR's own: no two orders share one
            await a_moment(QUIET_S)
            assert await session.trading.reconcile() == 0
            assert handle.status is OrderState.SUBMITTED
            (event,) = [one for one in told(session, EventType.ERROR) if isinstance(one.data, OrderOfAnotherLogin)]
            assert "for DU1234567, this login has DU7" in str(event.data)
            other = await session.trading.place(APPLE, limit("BUY", 2, 99))
            assert await other.acknowledged() is OrderState.SUBMITTED
        await gateway.come_back()
        await a_moment(QUIET_S)
        await handle.cancel()
        assert await handle.done() is OrderState.CANCELLED
        assert other.status is OrderState.SUBMITTED
