"""Every request that needs neither market nor order desk is answered, with its own id, as the catalogue says."""

from __future__ import annotations

import itertools
import math
from datetime import date, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.simulator import option_chains, option_prices, reference, searches, small_answers, subscriptions
from ibwire.simulator.catalogue import Catalogue
from ibwire.simulator.instruments import INSTRUMENTS, by_con_id, by_local_symbol
from ibwire.simulator.knowledge import Knowledge
from ibwire.wire import encode
from ibwire.wire import messages as m
from ibwire.wire.catalogue import CATALOGUE
from ibwire.wire.ids import INCOMING, OUTGOING

MONDAY = date(2026, 11, 23)
KNOWN = Knowledge(("DU1", "DU2"), Catalogue(MONDAY), now_ms=1_795_392_000_000)
AAPL = 265598
ESH6, ESM6, ESU6 = 649180695, 649180678, 649180671
ES_INDEX = 11004968
EURUSD = 12087792
OPTION = m.Contract(
    symbol="AAPL", sec_type="OPT", strike=250.0, right="C", last_trade_date_or_contract_month="20261218"
)

SILENT = {
    m.CancelNewsBulletins,
    m.CancelWshMetaData,
    m.CancelWshEventData,
    m.UnsubscribeFromGroupEventsRequest,
    m.CancelCalculateImpliedVolatility,
    m.CancelCalculateOptionPrice,
}

TYPICAL = [
    m.MatchingSymbolsRequest(7, "a"),
    m.SecDefOptParamsRequest(
        req_id=7, underlying_symbol="AAPL", fut_fop_exchange="", underlying_sec_type="STK", underlying_con_id=AAPL
    ),
    m.MarketRuleRequest(26),
    m.SmartComponentsRequest(7, "9c0001"),
    m.NewsArticleRequest(req_id=7, provider_code="BRFG", article_id="BRFG$1"),
    m.HistoricalNewsRequest(req_id=7, con_id=AAPL, provider_codes="BRFG+DJNL", total_results=3),
    m.CalculateImpliedVolatilityRequest(req_id=7, contract=OPTION, option_price=12.0, under_price=250.0),
    m.CalculateOptionPriceRequest(req_id=7, contract=OPTION, volatility=0.3, under_price=250.0),
    m.UpdateConfigRequest(req_id=7, reset_api_order_sequence=True),
    m.UpdateDisplayGroupRequest(7, "265598@SMART"),
]


def answers(request: Any) -> list[Any]:
    found = small_answers.answer(request, KNOWN)
    assert found is not None
    return list(found)


def only(request: Any) -> Any:
    (found,) = answers(request)
    return found


def assert_error(request: Any, id_: int, code: int, text: str) -> None:
    found = only(request)
    assert isinstance(found, m.ErrorMessage)
    assert (found.id, found.error_code, found.error_time) == (id_, code, KNOWN.now_ms)
    assert text in (found.error_msg or "")


# --- all of them


def test_table_holds_outgoing_messages_only() -> None:
    assert set(small_answers.ANSWERS) <= set(OUTGOING.values())


@pytest.mark.parametrize("request_", [*(kind() for kind in small_answers.ANSWERS), *TYPICAL], ids=repr)
def test_every_answer_is_an_incoming_message_that_encodes(request_: Any) -> None:
    found = answers(request_)
    assert bool(found) is (type(request_) not in SILENT)
    for message in found:
        assert type(message) in INCOMING.values()
        assert encode(message)


@pytest.mark.parametrize("kind", sorted(small_answers.ANSWERS, key=lambda kind: kind.__name__))
def test_answer_is_an_error_or_what_the_catalogue_names(kind: Any) -> None:
    spec = CATALOGUE[kind]
    allowed = {*spec.responses, spec.end, m.ErrorMessage}
    if kind is m.UpdateDisplayGroupRequest:
        allowed.add(m.DisplayGroupUpdated)  # for the subscription of the same id
    if kind is m.VerifyRequest:
        allowed.add(m.VerifyCompleted)
    requests = [kind(), *(one for one in TYPICAL if type(one) is kind)]
    assert {type(message) for request in requests for message in answers(request)} <= allowed


@pytest.mark.parametrize("kind", [kind for kind in small_answers.ANSWERS if "req_id" in kind.__struct_fields__])
@pytest.mark.parametrize(("asked", "answered"), [(4711, 4711), (0, 0), (None, -1)])
def test_request_id_comes_back_and_is_never_left_out(kind: Any, asked: int | None, answered: int) -> None:
    for message in answers(kind(req_id=asked)):
        if not isinstance(message, m.VerifyCompleted):
            assert (message.id if isinstance(message, m.ErrorMessage) else message.req_id) == answered


def test_request_of_somebody_else_is_not_answered_here() -> None:
    assert small_answers.answer(m.PlaceOrderRequest(), KNOWN) is None


# --- symbols


def found_symbols(pattern: str | None) -> list[str]:
    descriptions = only(m.MatchingSymbolsRequest(7, pattern)).contract_descriptions
    return [description.contract.symbol for description in descriptions]


@pytest.mark.parametrize(
    ("pattern", "first"), [("AAPL", "AAPL"), ("aapl", "AAPL"), ("Apple", "AAPL"), ("micro", "AMD"), (" v ", "V")]
)
def test_symbol_search_knows_symbols_and_words_of_names(pattern: str, first: str) -> None:
    assert found_symbols(pattern)[0] == first


def test_exact_symbol_comes_before_symbols_that_only_begin_so() -> None:
    assert found_symbols("GOOG") == ["GOOG", "GOOGL"]


@pytest.mark.parametrize("pattern", ["", "  ", None, "ZZZZZ", "pple"])
def test_symbol_search_without_a_match_is_an_empty_list(pattern: str | None) -> None:
    assert found_symbols(pattern) == []


@pytest.mark.parametrize("letter", "abcdefghijklmnopqrstuvwxyz")
def test_symbol_search_stops_at_sixteen_different_contracts(letter: str) -> None:
    descriptions = only(m.MatchingSymbolsRequest(7, letter)).contract_descriptions
    con_ids = [description.contract.con_id for description in descriptions]
    assert len(con_ids) == len(set(con_ids)) <= 16


def test_futures_are_found_once_as_their_underlying() -> None:
    (description,) = only(m.MatchingSymbolsRequest(7, "ES")).contract_descriptions
    assert (description.contract.con_id, description.contract.sec_type) == (ES_INDEX, "IND")
    assert "FOP" in description.derivative_sec_types


def test_only_what_has_options_says_so() -> None:
    kinds = {
        description.contract.symbol: description.derivative_sec_types
        for pattern in ("AAPL", "GBP")
        for description in only(m.MatchingSymbolsRequest(7, pattern)).contract_descriptions
    }
    assert "OPT" in kinds["AAPL"]
    assert kinds["GBP"] == ()


# --- option chains


def chain(con_id: int | None, **fields: Any) -> list[m.SecDefOptParameter]:
    *rows, end = answers(m.SecDefOptParamsRequest(req_id=7, underlying_con_id=con_id, **fields))
    assert end == m.SecDefOptParameterEnd(7)
    return rows


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda one: one.local_symbol)
def test_every_chain_is_sound(instrument: Any) -> None:
    rows = chain(instrument.con_id)
    is_earlier_future = instrument.local_symbol in (
        "ESH4",
        "ESZ5",
        "ESH6",
        "ESM6",
        "NQZ3",
        "NQH5",
        "NQH6",
        "GCG6",
        "GCJ6",
    )
    assert bool(rows) is (option_chains.option_class(instrument) is not None and not is_earlier_future)
    assert len({(row.exchange, row.trading_class) for row in rows}) == len(rows)
    for row in rows:
        days = [datetime.strptime(text, "%Y%m%d").date() for text in row.expirations]  # noqa: DTZ007
        assert days
        assert all(day >= MONDAY and day.weekday() == 4 for day in days)
        assert len(set(row.strikes)) == len(row.strikes) > 20
        assert 0 < min(row.strikes) < instrument.reference_price < max(row.strikes)
        assert float(row.multiplier or "") == (instrument.multiplier or 100.0)
        assert row.underlying_con_id == instrument.con_id


def test_stock_has_one_class_on_every_venue_with_weeklies_and_monthlies() -> None:
    rows = chain(AAPL)
    assert {row.trading_class for row in rows} == {"AAPL"}
    assert {"SMART", "CBOE"} <= {row.exchange for row in rows}
    assert {"20261127", "20261218", "20270115", "20270416"} <= set(rows[0].expirations)
    assert 250.0 in rows[0].strikes


def test_class_of_a_share_with_a_blank_in_its_symbol_has_none() -> None:
    assert {row.trading_class for row in chain(72063691)} == {"BRKB"}


def test_index_has_its_weeklies_in_a_class_of_their_own() -> None:
    found = {row.trading_class: set(row.expirations) for row in chain(416904)}
    assert set(found) == {"SPX", "SPXW"}
    assert "20261218" in found["SPX"]
    assert not found["SPX"] & found["SPXW"]


def test_today_is_still_an_expiry() -> None:
    friday = date(2026, 11, 27)
    instrument = by_con_id(AAPL)
    assert instrument is not None
    assert option_chains.expiries(instrument, friday)[0] == friday


def test_each_option_is_on_the_first_future_that_still_trades_when_it_expires() -> None:
    futures = [one for one in INSTRUMENTS if one.symbol == "ES" and one.sec_type == "FUT"]
    today = date(2026, 2, 2)
    listed = {one.local_symbol: option_chains.expiries(one, today) for one in futures}
    assert [name for name, days in listed.items() if days] == ["ESH6", "ESM6", "ESU6"]
    assert listed["ESH6"][-1] == date(2026, 3, 20)
    assert listed["ESM6"][0] > date(2026, 3, 20)
    days = [day for found in listed.values() for day in found]
    assert len(set(days)) == len(days) > option_chains.WEEKLY_EXPIRIES
    # When all of them have ended, as they will have when you read this, the last one has the options.
    assert [one.local_symbol for one in futures if option_chains.expiries(one, MONDAY)] == ["ESU6"]


def test_the_options_on_all_futures_of_an_index_are_had_by_its_id() -> None:
    assert chain(ES_INDEX) == chain(ESU6) != []
    in_february = Knowledge(("DU1",), Catalogue(date(2026, 2, 2)), 0)
    *rows, _ = small_answers.answer(m.SecDefOptParamsRequest(req_id=7, underlying_con_id=ES_INDEX), in_february) or ()
    assert {row.underlying_con_id for row in rows} == {ESH6, ESM6, ESU6}


def test_chain_of_one_exchange() -> None:
    assert {row.exchange for row in chain(AAPL, fut_fop_exchange="CBOE")} == {"CBOE"}
    assert chain(AAPL, fut_fop_exchange="CME") == []


def test_what_has_no_options_has_only_an_end() -> None:
    assert chain(EURUSD) == []


@pytest.mark.parametrize(("con_id", "symbol"), [(None, "AAPL"), (0, "AAPL"), (1, "AAPL"), (AAPL, "MSFT")])
def test_chain_of_an_unknown_or_missing_contract_is_an_error_without_an_end(con_id: int | None, symbol: str) -> None:
    request = m.SecDefOptParamsRequest(req_id=7, underlying_symbol=symbol, underlying_con_id=con_id)
    assert_error(request, 7, 321, "Invalid contract id")


@given(price=st.floats(0.5, 1e6))
def test_strikes_are_an_even_grid_around_the_price(price: float) -> None:
    grid = option_chains.strikes(price)
    steps = {second - first for first, second in itertools.pairwise(grid)}
    assert len(steps) == 1
    assert grid[0] > 0
    assert any(abs(strike - price) <= steps.copy().pop() for strike in grid)


# --- market rules, exchanges


@pytest.mark.parametrize(
    "instrument", [one for one in INSTRUMENTS if one.market_rule_ids], ids=lambda o: o.local_symbol
)
def test_every_rule_of_the_table_agrees_with_the_smallest_tick(instrument: Any) -> None:
    for rule in set(instrument.market_rule_ids.split(",")):
        found = only(m.MarketRuleRequest(int(rule)))
        assert found.market_rule_id == int(rule)
        edges = [increment.low_edge for increment in found.price_increments]
        increments = [increment.increment for increment in found.price_increments]
        assert edges[0] == 0.0
        assert edges == sorted(edges)
        assert increments == sorted(increments)
        assert increments[0] == float(instrument.min_tick)


@pytest.mark.parametrize("rule", [None, 0, -1, 999_999])
def test_unknown_market_rule_is_an_error_without_an_id(rule: int | None) -> None:
    assert_error(m.MarketRuleRequest(rule), -1, 321, "market rule")


def test_letters_of_a_quotes_exchanges() -> None:
    aapl = by_con_id(AAPL)
    assert aapl is not None
    found = only(m.SmartComponentsRequest(7, subscriptions.BBO_EXCHANGE)).smart_components
    assert {component.exchange for component in found} <= set(aapl.valid_exchanges.split(","))
    assert [component.bit_number for component in found] == list(range(len(found)))
    assert len({component.exchange_letter for component in found}) == len(found) > 5


@pytest.mark.parametrize("name", [None, "", "a60001"])
def test_unknown_map_of_exchanges_is_empty(name: str | None) -> None:
    assert only(m.SmartComponentsRequest(7, name)).smart_components == ()


def test_books_are_had_where_instruments_trade() -> None:
    rows = only(m.MarketDepthExchangesRequest()).depth_market_data_descriptions
    traded = {(one.sec_type, name) for one in INSTRUMENTS for name in one.valid_exchanges.split(",")}
    assert {(row.sec_type, row.exchange) for row in rows} <= traded
    assert len({row.agg_group for row in rows}) == len(rows) > 5


# --- the login


def test_each_account_has_one_family_code_and_it_is_empty() -> None:
    assert only(m.FamilyCodesRequest()).family_codes == (m.FamilyCode("DU1", ""), m.FamilyCode("DU2", ""))


def test_plain_login_has_no_tiers_and_no_branding() -> None:
    assert only(m.SoftDollarTiersRequest(7)) == m.SoftDollarTiers(7, ())
    assert only(m.UserInfoRequest(7)) == m.UserInfo(7, "")


def test_advisor_requests_are_refused() -> None:
    assert_error(m.FARequest(1), -1, 321, "FA data operations ignored for non FA customers.")
    assert_error(m.FAReplace(7, 1, "<x/>"), 7, 321, "FA data operations ignored for non FA customers.")


# --- news


def news(**fields: Any) -> tuple[list[m.HistoricalNews], bool]:
    given = {"con_id": AAPL, "provider_codes": "BRFG+BRFUPDN+DJNL", "total_results": 300, **fields}
    *rows, end = answers(m.HistoricalNewsRequest(req_id=7, **given))
    assert isinstance(end, m.HistoricalNewsEnd)
    assert end.has_more is not None
    return rows, end.has_more


def test_headlines_come_newest_first_and_none_from_the_future() -> None:
    rows, has_more = news()
    times = [row.time or "" for row in rows]
    assert times == sorted(times, reverse=True)
    assert times[0] < "2026-11-23"
    assert len({row.article_id for row in rows}) == len(rows) == searches.HEADLINES_PER_CON_ID
    assert not has_more


@pytest.mark.parametrize(("limit", "count"), [(None, 10), (0, 0), (1, 1), (24, 24), (25, 24), (10_000, 24), (-1, 0)])
def test_headlines_stop_at_the_limit_and_say_whether_there_are_more(limit: int | None, count: int) -> None:
    rows, has_more = news(total_results=limit)
    assert len(rows) == count
    assert has_more is (count < 24)


def test_headlines_of_the_providers_asked_for() -> None:
    assert {row.provider_code for row in news(provider_codes="BRFG+DJNL")[0]} == {"BRFG", "DJNL"}
    assert len(news(provider_codes="")[0]) == 24
    assert news(provider_codes="XYZ") == ([], False)


@pytest.mark.parametrize("form", ["{}-{}-{} {}.0", "{}{}{} {}", "{}{}{}-{}"])
def test_headlines_begin_after_the_start_and_reach_to_the_end(form: str) -> None:
    times = [row.time or "" for row in news()[0]]
    start, end = (form.format(*text[:10].split("-"), text[11:19]) for text in (times[5], times[2]))
    assert [row.time for row in news(start_date_time=start, end_date_time=end)[0]] == times[2:5]


@pytest.mark.parametrize("con_id", [None, 0, 1])
def test_unknown_contract_has_no_headlines_but_an_end(con_id: int | None) -> None:
    assert news(con_id=con_id) == ([], False)


def test_every_headline_has_its_article() -> None:
    for row in news()[0]:
        request = m.NewsArticleRequest(req_id=9, provider_code=row.provider_code, article_id=row.article_id)
        article = only(request)
        assert (article.req_id, article.article_type) == (9, 0)
        assert row.article_id in article.article_text


@pytest.mark.parametrize(("code", "article"), [(None, None), ("XYZ", "XYZ$1"), ("BRFG", "DJNL$1"), ("BRFG", "")])
def test_article_nobody_wrote_is_an_error(code: str | None, article: str | None) -> None:
    assert_error(m.NewsArticleRequest(req_id=7, provider_code=code, article_id=article), 7, 10172, "news article")


def test_headlines_are_of_the_listed_providers() -> None:
    listed = {provider.provider_code for provider in only(m.NewsProvidersRequest()).news_providers}
    assert listed == {"BRFG", "BRFUPDN", "DJNL"} == {row.provider_code for row in news()[0]}


def test_bulletin_is_a_regular_one() -> None:
    bulletin = only(m.NewsBulletinsRequest(all_messages=True))
    assert bulletin.news_msg_type == 1
    assert bulletin.news_message


@pytest.mark.parametrize("kind", [m.WshMetaDataRequest, m.WshEventDataRequest])
def test_calendar_is_not_allowed(kind: Any) -> None:
    assert_error(kind(req_id=7), 7, 10276, "News is not allowed.")


# --- scanners


def scanned(**fields: Any) -> tuple[m.ScannerDataElement, ...]:
    found: m.ScannerData = only(m.ScannerSubscriptionRequest(7, m.ScannerSubscription(**fields)))
    return found.scanner_data_element


def test_parameters_are_xml_whose_codes_find_something() -> None:
    root = ElementTree.fromstring(only(m.ScannerParametersRequest()).xml)
    codes = [node.text for node in root.iter("locationCode")]
    kinds = [node.text for node in root.iter("type")]
    assert codes
    assert all(scanned(instrument=kind) for kind in kinds)


@pytest.mark.parametrize(("rows", "count"), [(1, 1), (5, 5), (-1, 32), (0, 32), (None, 32), (51, 32)])
def test_scan_has_as_many_rows_as_asked_for(rows: int | None, count: int) -> None:
    found = scanned(number_of_rows=rows, instrument="STK", location_code="STK.US.MAJOR")
    assert [element.rank for element in found] == list(range(count))


def test_scan_rows_are_contracts_that_can_be_asked_for() -> None:
    for element in scanned(instrument="STK"):
        assert len(reference.instruments_for(element.contract, Catalogue(MONDAY))) == 1


def test_scan_never_has_more_than_fifty_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "INSTRUMENTS", INSTRUMENTS * 4)
    assert len(scanned(number_of_rows=1000)) == len(scanned()) == 50


def test_scan_by_kind_and_price() -> None:
    assert {element.contract.sec_type for element in scanned(instrument="FUT.US") if element.contract} == {"FUT"}
    names = [
        element.contract.symbol for element in scanned(instrument="ETF.EQ.US", below_price=90.0) if element.contract
    ]
    assert names == ["TLT", "SLV"]
    assert scanned(instrument="STK", above_price=1e9) == ()
    assert scanned(instrument="BOND") == ()


def test_scan_without_a_description_is_one_of_stocks() -> None:
    assert only(m.ScannerSubscriptionRequest(7, None)).scanner_data_element == scanned(instrument="STK")


def test_cancelled_scan_is_confirmed_by_an_error() -> None:
    text = "Historical Market Data Service error message:API scanner subscription cancelled: 7"
    assert_error(m.CancelScannerSubscription(7), 7, 162, text)


# --- display groups, verification, exercise


def test_display_groups() -> None:
    assert only(m.QueryDisplayGroupsRequest(7)) == m.DisplayGroupList(7, "1|2|3|4|5|6|7")
    assert only(m.SubscribeToGroupEventsRequest(7, 1)) == m.DisplayGroupUpdated(7, "none")
    assert only(m.UpdateDisplayGroupRequest(7, "265598@SMART")) == m.DisplayGroupUpdated(7, "265598@SMART")


@pytest.mark.parametrize("request_", [m.VerifyRequest("app", "1"), m.VerifyMessageRequest("data")])
def test_nobody_is_verified(request_: Any) -> None:
    found = only(request_)
    assert found.is_successful is False
    assert found.error_text


def test_exercise_is_refused_on_its_order_id() -> None:
    assert_error(m.ExerciseOptionsRequest(order_id=42), 42, 322, "Error processing request.-'bT' : cause - ")
    assert_error(m.ExerciseOptionsRequest(), -1, 322, "Error processing request.")


# --- settings


def test_settings_name_the_port_and_allow_orders() -> None:
    found = small_answers.answer(m.ConfigRequest(7), Knowledge(("DU1",), Catalogue(MONDAY), 0, socket_port=7497))
    assert found is not None
    (response,) = found
    assert isinstance(response, m.ConfigResponse)
    assert response.api is not None
    assert response.api.settings is not None
    assert response.api.settings.read_only_api is False
    assert response.api.settings.socket_port == 7497
    assert response.lock_and_exit is not None


def test_no_setting_is_changed_and_each_is_named() -> None:
    api = m.ApiConfig(settings=m.ApiSettingsConfig(read_only_api=True))
    found = only(m.UpdateConfigRequest(req_id=7, api=api, reset_api_order_sequence=True))
    assert found.status == "error"
    assert [text.split(":")[0] for text in found.errors] == ["api", "resetAPIOrderSequence"]
    assert found.changed_fields == ()


def test_change_of_nothing_is_fine() -> None:
    assert only(m.UpdateConfigRequest(req_id=7)).errors == ()


# --- option prices


def option(right: str, strike: float = 100.0, expiry: str = "20270319") -> m.Contract:
    return m.Contract(symbol="X", sec_type="OPT", right=right, strike=strike, last_trade_date_or_contract_month=expiry)


def priced(contract: m.Contract, volatility: float, under_price: float) -> Any:
    request = m.CalculateOptionPriceRequest(req_id=7, contract=contract, volatility=volatility, under_price=under_price)
    return only(request)


def implied(contract: m.Contract, price: float, under_price: float) -> Any:
    request = m.CalculateImpliedVolatilityRequest(
        req_id=7, contract=contract, option_price=price, under_price=under_price
    )
    return only(request)


MARKETS = {"volatility": st.floats(0.01, 5.0), "under": st.floats(1.0, 1e5), "moneyness": st.floats(0.5, 2.0)}


@given(**MARKETS)
def test_call_less_put_is_the_forward(volatility: float, under: float, moneyness: float) -> None:
    strike = under * moneyness
    call, put = (priced(option(right, strike), volatility, under) for right in "CP")
    assert call.opt_price - put.opt_price == pytest.approx(under - strike, abs=1e-9 * under)
    assert call.delta - put.delta == pytest.approx(1.0)
    assert call.gamma == pytest.approx(put.gamma)
    assert call.vega == pytest.approx(put.vega)


@given(**MARKETS, right=st.sampled_from("CP"))
def test_implied_volatility_gives_its_price_again(
    volatility: float, under: float, moneyness: float, right: str
) -> None:
    contract = option(right, under * moneyness)
    price = priced(contract, volatility, under).opt_price
    if price < option_prices.SMALLEST:
        return
    found = implied(contract, price, under)
    assert found.opt_price == price
    assert priced(contract, found.implied_vol, under).opt_price == pytest.approx(price, rel=1e-6, abs=1e-9 * under)
    if found.vega > 1e-6 * under:
        assert found.implied_vol == pytest.approx(volatility, rel=1e-4)


@given(**MARKETS, right=st.sampled_from("CP"))
def test_worth_is_between_what_exercise_brings_and_the_most_one_can_get(
    volatility: float, under: float, moneyness: float, right: str
) -> None:
    strike = under * moneyness
    found = priced(option(right, strike), volatility, under)
    intrinsic = max(under - strike, 0.0) if right == "C" else max(strike - under, 0.0)
    most = under if right == "C" else strike
    slack = 1e-9 * under
    assert intrinsic - slack <= found.opt_price <= most + slack
    assert (found.tick_type, found.req_id, found.und_price) == (53, 7, under)
    assert found.gamma >= 0
    assert found.vega >= 0
    assert found.theta <= 0


def test_known_value() -> None:
    """An option at the money for a year of 365 days: S (2 N(v/2) - 1)."""
    found = priced(option("C", 100.0, "20271122"), 0.2, 100.0)
    assert found.opt_price == pytest.approx(100 * math.erf(0.1 / math.sqrt(2)))
    assert found.delta == pytest.approx(0.5 * (1 + math.erf(0.1 / math.sqrt(2))))


def test_price_that_rounding_took_below_what_exercise_brings_has_a_volatility() -> None:
    deep = option("C", 3.5)
    assert implied(deep, priced(deep, 0.15234375, 7.0).opt_price, 7.0).implied_vol > 0


@pytest.mark.parametrize("price", [0.5, 150.0])
def test_price_no_volatility_explains_is_marked_as_not_computed(price: float) -> None:
    found = implied(option("C", 90.0), price, 100.0)
    assert (found.implied_vol, found.delta, found.opt_price) == (-1.0, -2.0, price)


@pytest.mark.parametrize(
    "contract",
    [
        None,
        m.Contract(),
        m.Contract(con_id=AAPL),
        m.Contract(con_id=1),
        m.Contract(
            symbol="AAPL", sec_type="STK", strike=250.0, right="C", last_trade_date_or_contract_month="20261218"
        ),
        option("C", 0.0),
        option("C", math.nan),
        option("C", -5.0),
        option("", 100.0),
        option("X", 100.0),
        option("C", 100.0, ""),
        option("C", 100.0, "20261399"),
        option("C", 100.0, "2026121"),
        option("C", 100.0, "202613"),
    ],
)
def test_calculation_for_no_option_is_no_security_definition(contract: m.Contract | None) -> None:
    for kind, value in (("volatility", 0.2), ("option_price", 5.0)):
        cls: Any = m.CalculateOptionPriceRequest if kind == "volatility" else m.CalculateImpliedVolatilityRequest
        request = cls(req_id=7, contract=contract, under_price=100.0, **{kind: value})
        assert_error(request, 7, 200, "No security definition")


def test_option_of_the_table_is_known_by_its_id() -> None:
    tesla = by_local_symbol("TSLA  230120C00100000")
    assert tesla is not None
    assert priced(m.Contract(con_id=tesla.con_id), 0.2, 150.0).opt_price == pytest.approx(50.0)


@pytest.mark.parametrize("expiry", ["202612", "20261218", "20261218 15:00:00 US/Central"])
def test_forms_of_an_expiry(expiry: str) -> None:
    assert priced(option("C", 100.0, expiry), 0.2, 100.0) == priced(option("CALL", 100.0, "20261218"), 0.2, 100.0)


@given(
    strike=st.floats(),
    first=st.one_of(st.none(), st.floats()),
    under=st.one_of(st.none(), st.floats()),
    right=st.sampled_from("CP"),
    expiry=st.sampled_from(["20200101", "20261123", "99991231", "202612"]),
)
def test_any_numbers_are_answered(
    strike: float, first: float | None, under: float | None, right: str, expiry: str
) -> None:
    contract = option(right, strike, expiry)
    for request in (
        m.CalculateOptionPriceRequest(req_id=7, contract=contract, volatility=first, under_price=under),
        m.CalculateImpliedVolatilityRequest(req_id=7, contract=contract, option_price=first, under_price=under),
    ):
        found = only(request)
        encode(found)
        if isinstance(found, m.TickOptionComputation):
            assert found.opt_price is not None
            assert math.isfinite(found.opt_price)
        else:
            assert found.error_code in (200, 321)


@pytest.mark.parametrize(("volatility", "under"), [(None, 100.0), (0.0, 100.0), (-1.0, 100.0), (0.2, None), (0.2, 0.0)])
def test_calculation_without_its_inputs_is_refused(volatility: float | None, under: float | None) -> None:
    request = m.CalculateOptionPriceRequest(req_id=7, contract=OPTION, volatility=volatility, under_price=under)
    assert_error(request, 7, 321, "Invalid")
