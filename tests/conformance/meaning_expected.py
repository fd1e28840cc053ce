"""For every incoming message: the EWrapper calls that IBKR's client makes of it, told from our record alone."""

from __future__ import annotations

from ibapi.const import UNSET_DOUBLE, UNSET_LONG

from ibwire.wire.ids import Incoming
from tests.conformance import meaning_objects as objects
from tests.conformance.meaning_calls import (
    Expectation,
    bond_contract_data,
    call,
    completed_order,
    computed,
    contract,
    contract_data,
    decimal,
    false,
    given,
    historical_data,
    if_tick_type_is_set,
    integer,
    listed,
    market_depth,
    market_depth_l2,
    needs,
    nothing,
    number,
    open_order,
    req_id,
    scanner_data,
    smart_components,
    text,
    tick_by_tick,
    tick_price,
    zero,
)

_contract_details = ("contract", "contract_details")
_order_parts = ("contract", "order", "order_state")
_account_value = (text("key"), text("value"), text("currency"))

EXPECTED: dict[Incoming, Expectation] = {
    Incoming.TICK_PRICE: tick_price,
    Incoming.TICK_SIZE: if_tick_type_is_set(call("tickSize", req_id, integer("tick_type"), decimal("size"))),
    Incoming.ORDER_STATUS: call(
        "orderStatus",
        integer("order_id"),
        text("status"),
        decimal("filled"),
        decimal("remaining"),
        number("avg_fill_price"),
        given("perm_id", UNSET_LONG),
        integer("parent_id"),
        number("last_fill_price"),
        integer("client_id"),
        text("why_held"),
        number("mkt_cap_price"),
    ),
    Incoming.ERR_MSG: call(
        "error",
        zero("id"),
        zero("error_time"),
        zero("error_code"),
        text("error_msg"),
        text("advanced_order_reject_json"),
    ),
    Incoming.OPEN_ORDER: needs(*_order_parts, then=open_order),
    Incoming.ACCT_VALUE: call("updateAccountValue", *_account_value, text("account_name")),
    Incoming.PORTFOLIO_VALUE: needs(
        "contract",
        then=call(
            "updatePortfolio",
            contract,
            decimal("position"),
            zero("market_price"),
            zero("market_value"),
            zero("average_cost"),
            zero("unrealized_pnl"),
            zero("realized_pnl"),
            text("account_name"),
        ),
    ),
    Incoming.ACCT_UPDATE_TIME: call("updateAccountTime", text("time_stamp")),
    Incoming.NEXT_VALID_ID: call("nextValidId", zero("order_id")),
    Incoming.CONTRACT_DATA: needs(*_contract_details, then=contract_data),
    Incoming.EXECUTION_DATA: needs(
        "contract",
        "execution",
        then=call("execDetails", req_id, contract, lambda record: objects.build(objects.EXECUTION, record.execution)),
    ),
    Incoming.MARKET_DEPTH: needs("market_depth_data", then=market_depth),
    Incoming.MARKET_DEPTH_L2: needs("market_depth_data", then=market_depth_l2),
    Incoming.NEWS_BULLETINS: call(
        "updateNewsBulletin", zero("news_msg_id"), zero("news_msg_type"), text("news_message"), text("originating_exch")
    ),
    Incoming.MANAGED_ACCTS: call("managedAccounts", text("accounts_list")),
    Incoming.RECEIVE_FA: call("receiveFA", zero("fa_data_type"), text("xml")),
    Incoming.HISTORICAL_DATA: historical_data,
    Incoming.BOND_CONTRACT_DATA: needs(*_contract_details, then=bond_contract_data),
    Incoming.SCANNER_PARAMETERS: call("scannerParameters", text("xml")),
    Incoming.SCANNER_DATA: scanner_data,
    Incoming.TICK_OPTION_COMPUTATION: call(
        "tickOptionComputation",
        req_id,
        integer("tick_type"),
        integer("tick_attrib"),
        computed("implied_vol", unknown=lambda value: value < 0),
        computed("delta", unknown=lambda value: value == -2),
        computed("opt_price", unknown=lambda value: value == -1),
        computed("pv_dividend", unknown=lambda value: value == -1),
        computed("gamma", unknown=lambda value: value == -2),
        computed("vega", unknown=lambda value: value == -2),
        computed("theta", unknown=lambda value: value == -2),
        computed("und_price", unknown=lambda value: value == -1),
    ),
    Incoming.TICK_GENERIC: if_tick_type_is_set(call("tickGeneric", req_id, integer("tick_type"), number("value"))),
    Incoming.TICK_STRING: if_tick_type_is_set(call("tickString", req_id, integer("tick_type"), text("value"))),
    Incoming.CURRENT_TIME: call("currentTime", zero("current_time")),
    Incoming.REAL_TIME_BARS: call(
        "realtimeBar",
        req_id,
        zero("time"),
        *(given(price, 0.0) for price in ("open", "high", "low", "close")),
        decimal("volume"),
        decimal("wap"),
        zero("count"),
    ),
    Incoming.CONTRACT_DATA_END: call("contractDetailsEnd", req_id),
    Incoming.OPEN_ORDER_END: call("openOrderEnd"),
    Incoming.ACCT_DOWNLOAD_END: call("accountDownloadEnd", text("account_name")),
    Incoming.EXECUTION_DATA_END: call("execDetailsEnd", req_id),
    Incoming.TICK_SNAPSHOT_END: call("tickSnapshotEnd", req_id),
    Incoming.MARKET_DATA_TYPE: call("marketDataType", req_id, integer("market_data_type")),
    Incoming.COMMISSION_AND_FEES_REPORT: call(
        "commissionAndFeesReport", lambda record: objects.build(objects.COMMISSION, record)
    ),
    Incoming.POSITION_DATA: needs(
        "contract", then=call("position", text("account"), contract, decimal("position"), zero("avg_cost"))
    ),
    Incoming.POSITION_END: call("positionEnd"),
    Incoming.ACCOUNT_SUMMARY: call(
        "accountSummary", req_id, text("account"), text("tag"), text("value"), text("currency")
    ),
    Incoming.ACCOUNT_SUMMARY_END: call("accountSummaryEnd", req_id),
    Incoming.VERIFY_MESSAGE_API: call("verifyMessageAPI", text("api_data")),
    Incoming.VERIFY_COMPLETED: call("verifyCompleted", false("is_successful"), text("error_text")),
    Incoming.DISPLAY_GROUP_LIST: call("displayGroupList", req_id, text("groups")),
    Incoming.DISPLAY_GROUP_UPDATED: call("displayGroupUpdated", req_id, text("contract_info")),
    Incoming.POSITION_MULTI: needs(
        "contract",
        then=call(
            "positionMulti",
            req_id,
            text("account"),
            text("model_code"),
            contract,
            decimal("position"),
            zero("avg_cost"),
        ),
    ),
    Incoming.POSITION_MULTI_END: call("positionMultiEnd", req_id),
    Incoming.ACCOUNT_UPDATE_MULTI: call(
        "accountUpdateMulti", req_id, text("account"), text("model_code"), *_account_value
    ),
    Incoming.ACCOUNT_UPDATE_MULTI_END: call("accountUpdateMultiEnd", req_id),
    Incoming.SECURITY_DEFINITION_OPTION_PARAMETER: call(
        "securityDefinitionOptionParameter",
        req_id,
        text("exchange"),
        zero("underlying_con_id"),
        text("trading_class"),
        text("multiplier"),
        given("expirations", None, set),
        given("strikes", None, set),
    ),
    Incoming.SECURITY_DEFINITION_OPTION_PARAMETER_END: call("securityDefinitionOptionParameterEnd", req_id),
    Incoming.SOFT_DOLLAR_TIERS: call("softDollarTiers", req_id, listed("soft_dollar_tiers", objects.TIER)),
    Incoming.FAMILY_CODES: call("familyCodes", listed("family_codes", objects.FAMILY_CODE)),
    Incoming.SYMBOL_SAMPLES: call("symbolSamples", req_id, listed("contract_descriptions", objects.DESCRIPTION)),
    Incoming.MKT_DEPTH_EXCHANGES: call(
        "mktDepthExchanges", listed("depth_market_data_descriptions", objects.DEPTH_EXCHANGE)
    ),
    Incoming.TICK_REQ_PARAMS: call(
        "tickReqParams",
        req_id,
        given("min_tick", UNSET_DOUBLE, float),
        text("bbo_exchange"),
        integer("snapshot_permissions"),
    ),
    Incoming.SMART_COMPONENTS: smart_components,
    Incoming.NEWS_ARTICLE: call("newsArticle", req_id, zero("article_type"), text("article_text")),
    Incoming.TICK_NEWS: call(
        "tickNews",
        req_id,
        zero("timestamp"),
        text("provider_code"),
        text("article_id"),
        text("headline"),
        text("extra_data"),
    ),
    Incoming.NEWS_PROVIDERS: call("newsProviders", listed("news_providers", objects.NEWS_PROVIDER)),
    Incoming.HISTORICAL_NEWS: call(
        "historicalNews", req_id, text("time"), text("provider_code"), text("article_id"), text("headline")
    ),
    Incoming.HISTORICAL_NEWS_END: call("historicalNewsEnd", req_id, false("has_more")),
    Incoming.HEAD_TIMESTAMP: call("headTimestamp", req_id, text("head_timestamp")),
    Incoming.HISTOGRAM_DATA: call("histogramData", req_id, listed("histogram_data_entries", objects.HISTOGRAM)),
    Incoming.HISTORICAL_DATA_UPDATE: needs(
        "historical_data_bar",
        then=call(
            "historicalDataUpdate", req_id, lambda record: objects.build(objects.BAR, record.historical_data_bar)
        ),
    ),
    Incoming.REROUTE_MKT_DATA_REQ: call("rerouteMktDataReq", req_id, zero("con_id"), text("exchange")),
    Incoming.REROUTE_MKT_DEPTH_REQ: call("rerouteMktDepthReq", req_id, zero("con_id"), text("exchange")),
    Incoming.MARKET_RULE: call(
        "marketRule", zero("market_rule_id"), listed("price_increments", objects.PRICE_INCREMENT)
    ),
    Incoming.PNL: call("pnl", req_id, number("daily_pnl"), number("unrealized_pnl"), number("realized_pnl")),
    Incoming.PNL_SINGLE: call(
        "pnlSingle",
        req_id,
        decimal("position"),
        number("daily_pnl"),
        number("unrealized_pnl"),
        number("realized_pnl"),
        number("value"),
    ),
    Incoming.HISTORICAL_TICKS: call(
        "historicalTicks", req_id, listed("historical_ticks", objects.MIDPOINT), false("is_done")
    ),
    Incoming.HISTORICAL_TICKS_BID_ASK: call(
        "historicalTicksBidAsk", req_id, listed("historical_ticks_bid_ask", objects.BID_ASK), false("is_done")
    ),
    Incoming.HISTORICAL_TICKS_LAST: call(
        "historicalTicksLast", req_id, listed("historical_ticks_last", objects.LAST), false("is_done")
    ),
    Incoming.TICK_BY_TICK: tick_by_tick,
    Incoming.ORDER_BOUND: call("orderBound", given("perm_id", UNSET_LONG), integer("client_id"), integer("order_id")),
    Incoming.COMPLETED_ORDER: needs(*_order_parts, then=completed_order),
    Incoming.COMPLETED_ORDERS_END: call("completedOrdersEnd"),
    Incoming.REPLACE_FA_END: call("replaceFAEnd", req_id, text("text")),
    Incoming.WSH_META_DATA: call("wshMetaData", req_id, text("data_json")),
    Incoming.WSH_EVENT_DATA: call("wshEventData", req_id, text("data_json")),
    Incoming.HISTORICAL_SCHEDULE: call(
        "historicalSchedule",
        req_id,
        text("start_date_time"),
        text("end_date_time"),
        text("time_zone"),
        listed("historical_sessions", objects.SESSION),
    ),
    Incoming.USER_INFO: call("userInfo", req_id, text("white_branding_id")),
    Incoming.HISTORICAL_DATA_END: call("historicalDataEnd", req_id, text("start_date_str"), text("end_date_str")),
    Incoming.CURRENT_TIME_IN_MILLIS: call("currentTimeInMillis", zero("current_time_in_millis")),
    Incoming.CONFIG_RESPONSE: nothing,
    Incoming.UPDATE_CONFIG_RESPONSE: nothing,
}
"""By incoming id. The two config responses have no classic callback: IBKR hands out their protobuf message only."""
