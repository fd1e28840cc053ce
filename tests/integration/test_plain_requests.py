"""Requests that no service has a method for, by the session's own `request`, `stream` and `send`; and every cancel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ibwire.exceptions import IbwireError, InvalidRequest, NoPermission, RequestFailed, RequestTimeout
from ibwire.gaps import Gap, Resumed
from ibwire.session import IBSession
from ibwire.simulator import RealClock, SimulatedGateway
from ibwire.wire import Message
from ibwire.wire import messages as m
from ibwire.wire.catalogue import CATALOGUE, Correlation, Kind, RequestSpec, Shape, shape_of
from tests.helpers.scripted_gateway import ScriptedGateway
from tests.helpers.sessions import session_at, wall_clock
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, simulated
from tests.helpers.virtual_time import on_virtual_time

REQUESTS: dict[Kind, tuple[Message, Kind | type[IbwireError]]] = {
    m.IdsRequest: (m.IdsRequest(), m.NextValidId),
    m.ManagedAccountsRequest: (m.ManagedAccountsRequest(), m.ManagedAccounts),
    m.CurrentTimeRequest: (m.CurrentTimeRequest(), m.CurrentTime),
    m.FamilyCodesRequest: (m.FamilyCodesRequest(), m.FamilyCodes),
    m.SoftDollarTiersRequest: (m.SoftDollarTiersRequest(), m.SoftDollarTiers),
    m.UserInfoRequest: (m.UserInfoRequest(), m.UserInfo),
    m.FAReplace: (m.FAReplace(fa_data_type=1, xml="<a/>"), InvalidRequest),
    m.NewsProvidersRequest: (m.NewsProvidersRequest(), m.NewsProviders),
    m.NewsArticleRequest: (m.NewsArticleRequest(provider_code="BRFG", article_id=f"BRFG${AAPL}-1"), m.NewsArticle),
    m.HistoricalNewsRequest: (
        m.HistoricalNewsRequest(con_id=AAPL, provider_codes="BRFG", total_results=5),
        m.HistoricalNewsEnd,
    ),
    m.WshMetaDataRequest: (m.WshMetaDataRequest(), NoPermission),
    m.WshEventDataRequest: (m.WshEventDataRequest(), NoPermission),
    m.ScannerParametersRequest: (m.ScannerParametersRequest(), m.ScannerParameters),
    m.QueryDisplayGroupsRequest: (m.QueryDisplayGroupsRequest(), m.DisplayGroupList),
    m.VerifyRequest: (m.VerifyRequest("program", "1.0"), m.VerifyCompleted),
    m.VerifyMessageRequest: (m.VerifyMessageRequest("data"), m.VerifyCompleted),
    m.ConfigRequest: (m.ConfigRequest(), m.ConfigResponse),
    m.UpdateConfigRequest: (m.UpdateConfigRequest(reset_api_order_sequence=True), m.UpdateConfigResponse),
}
"""What `session.request` is given, and what its answer ends with, or is refused with by this gateway."""

STREAMS: dict[Kind, tuple[Message, Kind]] = {
    m.NewsBulletinsRequest: (m.NewsBulletinsRequest(all_messages=True), m.NewsBulletin),
    m.ScannerSubscriptionRequest: (
        m.ScannerSubscriptionRequest(
            scanner_subscription=m.ScannerSubscription(
                instrument="STK", location_code="STK.US", scan_code="TOP_PERC_GAIN"
            )
        ),
        m.ScannerData,
    ),
    m.SubscribeToGroupEventsRequest: (m.SubscribeToGroupEventsRequest(group_id=1), m.DisplayGroupUpdated),
}
"""What `session.stream` is given, and what comes first."""

COMMANDS: dict[Kind, Message] = {
    m.SetServerLogLevelRequest: m.SetServerLogLevelRequest(5),
    m.AutoOpenOrdersRequest: m.AutoOpenOrdersRequest(auto_bind=True),
    m.UpdateDisplayGroupRequest: m.UpdateDisplayGroupRequest(77, f"{AAPL}@SMART"),
}
"""What `session.send` is given."""


@asynccontextmanager
async def connected(client_id: int = 1) -> AsyncIterator[tuple[SimulatedGateway, IBSession]]:
    async with (
        simulated(port=4002, clock=RealClock(wall_clock)) as gateway,
        session_at(connection={"client_id": client_id, "request_timeout_s": 5.0}) as session,
    ):
        yield gateway, session


NOT_REPEATED = (m.FAReplace, m.UpdateConfigRequest, m.VerifyRequest, m.VerifyMessageRequest)
"""What changes something, and is not asked again."""


async def answer_of(session: IBSession, kind: Kind) -> Kind | type[IbwireError]:
    try:
        *_, last = await session.request(REQUESTS[kind][0], retry=kind not in NOT_REPEATED)
    except RequestFailed as error:
        return type(error)
    return type(last)


def is_as_expected(found: type[Any], expected: type[Any]) -> bool:
    return issubclass(found, expected)


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.__name__)
def test_request_has_its_answer_or_ibkrs_refusal_before_and_after_a_reconnect(kind: Kind) -> None:
    @on_virtual_time
    async def run() -> None:
        async with connected() as (gateway, session):
            assert is_as_expected(await answer_of(session, kind), REQUESTS[kind][1])
            await gateway.inject("disconnect")
            await asyncio.sleep(10)
            assert is_as_expected(await answer_of(session, kind), REQUESTS[kind][1])
            assert session.stats().reconnects == 1

    run()


@on_virtual_time
async def test_request_for_advisors_is_refused_without_an_id_so_that_it_is_a_time_out() -> None:
    """IBKR's 321 names no request here: it is an event, and who waits is told that no answer came."""
    async with connected() as (_, session):
        with pytest.raises(RequestTimeout):
            await session.request(m.FARequest(1))


@pytest.mark.parametrize("kind", STREAMS, ids=lambda kind: kind.__name__)
def test_stream_gives_its_messages_and_goes_on_after_a_loss(kind: Kind) -> None:
    @on_virtual_time
    async def run() -> None:
        request, told = STREAMS[kind]
        async with connected() as (gateway, session), session.stream(request) as messages:
            async with asyncio.timeout(60):
                assert type(await anext(messages)) is told
                await gateway.inject("disconnect")
                items = [await anext(messages) for _ in range(3)]
            assert {type(item) for item in items} == {Gap, Resumed, told}

    run()


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
def test_command_leaves_and_nobody_waits_for_an_answer(kind: Kind) -> None:
    @on_virtual_time
    async def run() -> None:
        async with connected(client_id=0) as (gateway, session):
            for _ in range(2):
                await session.send(COMMANDS[kind])
                await session.connection.ping()
                await gateway.inject("disconnect")
                await asyncio.sleep(10)
            assert session.stats().reconnects == 2

    run()


@on_virtual_time
async def test_exercise_of_an_option_that_is_not_held_is_refused_on_its_order_id() -> None:
    async with connected() as (_, session):
        request = m.ExerciseOptionsRequest(
            order_id=session.next_id(), contract=AAPL_CONTRACT, exercise_action=1, exercise_quantity=1
        )
        async with asyncio.timeout(60), session.connection.stream(request) as news:
            refusal = await anext(news)
        assert isinstance(refusal, m.ErrorMessage)
        assert (refusal.id, refusal.error_code) == (request.order_id, 322)


WITH_CANCEL = [row for row in CATALOGUE.values() if row.cancel and row.correlation is not Correlation.ORDER_ID]


@pytest.mark.parametrize("row", WITH_CANCEL, ids=lambda row: row.request.__name__)
def test_whoever_leaves_a_stream_or_stops_waiting_cancels_it_at_the_gateway(row: RequestSpec) -> None:
    @on_virtual_time
    async def run() -> None:
        async with ScriptedGateway() as gateway, gateway.client() as client:
            request = row.request()
            if isinstance(request, m.AccountDataRequest):
                request = m.AccountDataRequest(subscribe=True, acct_code="DU1")
            if shape_of(request) is Shape.STREAM:
                async with client.stream(request):
                    await asyncio.sleep(1)
            else:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(client.request(request), 1)
            await asyncio.sleep(1)
            asked, cancelled = gateway.received
            assert (type(asked), type(cancelled)) == (row.request, row.cancel)
            if row.correlation is Correlation.REQUEST_ID:
                assert asked.req_id == cancelled.req_id is not None  # type: ignore[attr-defined]
            assert client.requests_under_way == 0

    run()
