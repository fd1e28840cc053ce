"""Answers to the requests that need neither a market nor an order desk: one function for each kind of request.

They are pure: a request and what is known of the gateway in, messages out. Sources: protocol notes 3.8, 3.15, 3.16 and
3.18 to 3.21.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ibwire.simulator import contract_answers, option_prices, searches
from ibwire.simulator.depth_venues import DEPTH_EXCHANGES
from ibwire.simulator.knowledge import VALIDATING, Knowledge, error, id_of
from ibwire.simulator.subscriptions import BBO_EXCHANGE
from ibwire.wire import Message
from ibwire.wire import messages as m

DISPLAY_GROUPS = "1|2|3|4|5|6|7"
NOTHING_SHOWN = "none"

NO_NEWS = "News is not allowed."
NO_ADVISOR = "FA data operations ignored for non FA customers."

_EXCHANGE_LETTERS = {
    "AMEX": "A",
    "BEX": "B",
    "NYSENAT": "C",
    "EDGEA": "J",
    "DRCTEDGE": "K",
    "LTSE": "L",
    "CHX": "M",
    "NYSE": "N",
    "ARCA": "P",
    "NASDAQ": "Q",
    "MEMX": "U",
    "IEX": "V",
    "PSX": "X",
    "BYX": "Y",
    "BATS": "Z",
}

_SCANNER_XML = """<?xml version="1.0" encoding="UTF-8"?>
<ScanParameterResponse>
 <InstrumentList varName="instrumentList">
  <Instrument><name>US Stocks</name><type>STK</type></Instrument>
  <Instrument><name>US Equity ETFs</name><type>ETF.EQ.US</type></Instrument>
  <Instrument><name>US Futures</name><type>FUT.US</type></Instrument>
  <Instrument><name>US Indexes</name><type>IND.US</type></Instrument>
 </InstrumentList>
 <LocationTree varName="locationTree">
  <Location><displayName>US Stocks</displayName><locationCode>STK.US</locationCode></Location>
  <Location><displayName>Listed/NASDAQ</displayName><locationCode>STK.US.MAJOR</locationCode></Location>
  <Location><displayName>US Futures</displayName><locationCode>FUT.US</locationCode></Location>
 </LocationTree>
 <ScanTypeList varName="scanTypeList">
  <ScanType><displayName>Most Active</displayName><scanCode>MOST_ACTIVE</scanCode></ScanType>
  <ScanType><displayName>Top % Gainers</displayName><scanCode>TOP_PERC_GAIN</scanCode></ScanType>
  <ScanType><displayName>Top % Losers</displayName><scanCode>TOP_PERC_LOSE</scanCode></ScanType>
 </ScanTypeList>
</ScanParameterResponse>
"""


def answer(request: Message, knowledge: Knowledge) -> list[Message] | None:
    """The messages that answer this request, none for one that is silent by nature; None for one not known here."""
    handler = ANSWERS.get(type(request))
    return None if handler is None else handler(request, knowledge)


def _silence(_: Message, __: Knowledge) -> list[Message]:
    """For cancels, which IBKR does not acknowledge (protocol notes, 3); the table says what each leaves quiet."""
    return []


# --- contracts (protocol notes, 3.8)


def smart_components(request: m.SmartComponentsRequest, _: Knowledge) -> list[Message]:
    """The exchanges behind the letters of a quote; nothing for a map that no line here names."""
    letters = _EXCHANGE_LETTERS if request.bbo_exchange == BBO_EXCHANGE else {}
    components = tuple(m.SmartComponent(bit, name, letter) for bit, (name, letter) in enumerate(letters.items()))
    return [m.SmartComponents(id_of(request.req_id), components)]


def depth_exchanges(_: m.MarketDepthExchangesRequest, __: Knowledge) -> list[Message]:
    """Where books can be had."""
    rows = tuple(
        m.DepthMarketDataDescription(
            exchange=exchange, sec_type=sec_type, listing_exch=listing, service_data_type=service, agg_group=group
        )
        for group, (exchange, sec_type, listing, service) in enumerate(DEPTH_EXCHANGES, start=1)
    )
    return [m.MarketDepthExchanges(rows)]


# --- the login (protocol notes, 3.8, 3.19)


def family_codes(_: m.FamilyCodesRequest, knowledge: Knowledge) -> list[Message]:
    """An account of no family has an empty code."""
    return [m.FamilyCodes(tuple(m.FamilyCode(account, "") for account in knowledge.accounts))]


def soft_dollar_tiers(request: m.SoftDollarTiersRequest, _: Knowledge) -> list[Message]:
    """None, as for most logins."""
    return [m.SoftDollarTiers(id_of(request.req_id), ())]


def user_info(request: m.UserInfoRequest, _: Knowledge) -> list[Message]:
    """A customer of IBKR itself has no white branding."""
    return [m.UserInfo(id_of(request.req_id), "")]


def advisor_data(_: m.FARequest, knowledge: Knowledge) -> list[Message]:
    """Refused: nobody here is an advisor. The request has no id, so neither has its error."""
    return error(None, 321, VALIDATING + NO_ADVISOR, knowledge)


def advisor_replacement(request: m.FAReplace, knowledge: Knowledge) -> list[Message]:
    """Refused: nobody here is an advisor."""
    return error(request.req_id, 321, VALIDATING + NO_ADVISOR, knowledge)


# --- news (protocol notes, 3.16)


def news_providers(_: m.NewsProvidersRequest, __: Knowledge) -> list[Message]:
    """The providers that a login has without paying."""
    return [m.NewsProviders(tuple(m.NewsProvider(code, name) for code, name in searches.PROVIDERS.items()))]


def news_bulletins(_: m.NewsBulletinsRequest, __: Knowledge) -> list[Message]:
    """One bulletin of type 1, a regular one."""
    text = "Bulletin of the simulated gateway: all exchanges are simulated."
    return [m.NewsBulletin(news_msg_id=1, news_msg_type=1, news_message=text, originating_exch="NYSE")]


def calendar(request: m.WshMetaDataRequest | m.WshEventDataRequest, knowledge: Knowledge) -> list[Message]:
    """Wall Street Horizon, which this login has not subscribed."""
    return error(request.req_id, 10276, NO_NEWS, knowledge)


# --- scanners (protocol notes, 3.15)


def scanner_parameters(_: m.ScannerParametersRequest, __: Knowledge) -> list[Message]:
    """A short form of what IBKR describes its scanners with."""
    return [m.ScannerParameters(_SCANNER_XML)]


def scanner_cancel(request: m.CancelScannerSubscription, knowledge: Knowledge) -> list[Message]:
    """The one cancel that IBKR confirms, by an error."""
    id_ = id_of(request.req_id)
    text = f"Historical Market Data Service error message:API scanner subscription cancelled: {id_}"
    return error(id_, 162, text, knowledge)


# --- display groups and verification (protocol notes, 3.18)


def display_groups(request: m.QueryDisplayGroupsRequest, _: Knowledge) -> list[Message]:
    """The seven groups of a TWS."""
    return [m.DisplayGroupList(id_of(request.req_id), DISPLAY_GROUPS)]


def display_group(request: m.SubscribeToGroupEventsRequest, _: Knowledge) -> list[Message]:
    """Nothing is shown by any group at first."""
    return [m.DisplayGroupUpdated(id_of(request.req_id), NOTHING_SHOWN)]


def display_group_update(request: m.UpdateDisplayGroupRequest, _: Knowledge) -> list[Message]:
    """The group shows what it was told to."""
    return [m.DisplayGroupUpdated(id_of(request.req_id), request.contract_info or NOTHING_SHOWN)]


def verification(_: m.VerifyRequest | m.VerifyMessageRequest, __: Knowledge) -> list[Message]:
    """No application is known by name here, so none can prove that it is the one."""
    return [m.VerifyCompleted(is_successful=False, error_text="The simulated gateway verifies no applications.")]


# --- the gateway's settings (protocol notes, 3.21)


def config(request: m.ConfigRequest, knowledge: Knowledge) -> list[Message]:
    """The settings that a client may care about."""
    settings = m.ApiSettingsConfig(
        read_only_api=knowledge.is_read_only,
        socket_port=knowledge.socket_port,
        master_client_id=0,
        download_open_orders_on_connection=False,
        reject_messages_above_max_rate=knowledge.rejects_above_rate,
        maintain_connection_on_incorrect_fields=False,
        send_instrument_timezone="instrument timezone",
        allow_localhost_only=True,
    )
    return [
        m.ConfigResponse(
            req_id=id_of(request.req_id),
            lock_and_exit=m.LockAndExitConfig("11:45", "PM", "restart"),
            api=m.ApiConfig(m.ApiPrecautionsConfig(bypass_order_precautions=True), settings),
            orders=m.OrdersConfig(m.OrdersSmartRoutingConfig(seek_price_improvement=False)),
        )
    ]


def config_update(request: m.UpdateConfigRequest, _: Knowledge) -> list[Message]:
    """Nothing can be changed; every group of settings that was to be is named."""
    asked = {
        "lockAndExit": request.lock_and_exit,
        "messages": request.messages,
        "api": request.api,
        "orders": request.orders,
        "resetAPIOrderSequence": request.reset_api_order_sequence,
    }
    errors = tuple(
        f"{name}: the simulated gateway's settings cannot be changed" for name, given in asked.items() if given
    )
    return [
        m.UpdateConfigResponse(
            req_id=id_of(request.req_id),
            status="error" if errors else "ok",
            message="Nothing was changed" if errors else "Nothing was to be changed",
            errors=errors,
        )
    ]


ANSWERS: dict[type, Callable[[Any, Knowledge], list[Message]]] = {
    m.MatchingSymbolsRequest: searches.matching_symbols,
    m.SecDefOptParamsRequest: contract_answers.option_parameters,
    m.MarketRuleRequest: contract_answers.market_rule,
    m.SmartComponentsRequest: smart_components,
    m.MarketDepthExchangesRequest: depth_exchanges,
    m.FamilyCodesRequest: family_codes,
    m.SoftDollarTiersRequest: soft_dollar_tiers,
    m.UserInfoRequest: user_info,
    m.FARequest: advisor_data,
    m.FAReplace: advisor_replacement,
    m.NewsProvidersRequest: news_providers,
    m.NewsArticleRequest: searches.news_article,
    m.HistoricalNewsRequest: searches.historical_news,
    m.NewsBulletinsRequest: news_bulletins,
    m.CancelNewsBulletins: _silence,  # bulletins just stop
    m.WshMetaDataRequest: calendar,
    m.CancelWshMetaData: _silence,  # refused when asked, so nothing is under way
    m.WshEventDataRequest: calendar,
    m.CancelWshEventData: _silence,  # the same
    m.ScannerParametersRequest: scanner_parameters,
    m.ScannerSubscriptionRequest: searches.scanner,
    m.CancelScannerSubscription: scanner_cancel,
    m.QueryDisplayGroupsRequest: display_groups,
    m.SubscribeToGroupEventsRequest: display_group,
    m.UpdateDisplayGroupRequest: display_group_update,
    m.UnsubscribeFromGroupEventsRequest: _silence,  # the group just goes quiet
    m.VerifyRequest: verification,
    m.VerifyMessageRequest: verification,
    m.CalculateImpliedVolatilityRequest: option_prices.option_volatility,
    m.CancelCalculateImpliedVolatility: _silence,  # answered once, so nothing is left to end
    m.CalculateOptionPriceRequest: option_prices.option_price,
    m.CancelCalculateOptionPrice: _silence,  # the same
    m.ExerciseOptionsRequest: option_prices.exercise,
    m.ConfigRequest: config,
    m.UpdateConfigRequest: config_update,
}
"""What answers each request."""
