"""What is found in the instrument table and the canned news: symbols, scans, headlines.

Pure functions of the table and a date. Sources: protocol notes 3.8, 3.15, 3.16; IBKR's pages on symbol search, scanners
and news.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from msgspec.structs import replace

from ibwire.simulator import reference
from ibwire.simulator.instruments import INSTRUMENTS, Instrument, by_con_id
from ibwire.simulator.knowledge import Knowledge, error, id_of
from ibwire.simulator.option_chains import option_class
from ibwire.wire import Message
from ibwire.wire import messages as m

MAX_SAMPLES = 16
MAX_SCANNER_ROWS = 50
MAX_HEADLINES = 300
DEFAULT_HEADLINES = 10

PROVIDERS = {
    "BRFG": "Briefing.com General Market Columns",
    "BRFUPDN": "Briefing.com Analyst Actions",
    "DJNL": "Dow Jones Newsletters",
}

HEADLINES = (
    "{name}: shares little changed in quiet trading",
    "{name}: analyst keeps rating and target",
    "{name}: volume near its average",
    "{name}: no news before the open",
)
HEADLINES_PER_CON_ID = 24
_HEADLINE_EVERY = timedelta(hours=8)

_SAMPLED_TYPES = ("STK", "IND", "CASH", "CRYPTO")
_SAME_PERIOD_DIGITS = 14


def matching_symbols(request: m.MatchingSymbolsRequest, _: Knowledge) -> list[Message]:
    """What a pattern may mean; no match is an empty list."""
    return [m.SymbolSamples(id_of(request.req_id), tuple(matching(request.pattern or "")))]


def scanner(request: m.ScannerSubscriptionRequest, _: Knowledge) -> list[Message]:
    """One frame; an empty one where nothing is found, as a notice would leave the reader waiting."""
    found = scan(request.scanner_subscription or m.ScannerSubscription())
    return [m.ScannerData(id_of(request.req_id), found)]


def news_article(request: m.NewsArticleRequest, knowledge: Knowledge) -> list[Message]:
    """The text behind a headline; anything not from one of the providers is an error."""
    code, article = request.provider_code or "", request.article_id or ""
    if code not in PROVIDERS or not article.startswith(f"{code}$"):
        return error(request.req_id, 10172, "Failed to request news article:Not available", knowledge)
    text = f"<p>Article {article} of the simulated gateway. Nothing in it has happened.</p>"
    return [m.NewsArticle(id_of(request.req_id), 0, text)]


def historical_news(request: m.HistoricalNewsRequest, knowledge: Knowledge) -> list[Message]:
    """The newest headlines that are asked for, and whether there are more; an unknown contract has none."""
    instrument = by_con_id(request.con_id or 0)
    request = replace(request, req_id=id_of(request.req_id))
    found = [] if instrument is None else headlines(request, instrument, knowledge.today)
    asked = DEFAULT_HEADLINES if request.total_results is None else request.total_results
    limit = max(0, min(asked, MAX_HEADLINES))
    return [*found[:limit], m.HistoricalNewsEnd(request.req_id, len(found) > limit)]


def matching(pattern: str) -> list[m.ContractDescription]:
    """The instruments that a pattern may mean, the best match first: by symbol, then by a word of the name.

    A future is found as what it is on, once, the way IBKR does.
    """
    wanted = pattern.strip().casefold()
    if not wanted:
        return []
    ranked = [(_match_rank(one, wanted), one) for one in INSTRUMENTS]
    ordered = sorted(((rank, one) for rank, one in ranked if rank is not None), key=lambda pair: pair[0])
    samples: dict[int, m.ContractDescription] = {}
    for _, one in ordered:
        sample = _sample(one)
        if sample is not None and sample.contract is not None and sample.contract.con_id:
            samples.setdefault(sample.contract.con_id, sample)
    return list(samples.values())[:MAX_SAMPLES]


def _match_rank(instrument: Instrument, wanted: str) -> int | None:
    symbol, name = instrument.symbol.casefold(), instrument.long_name.casefold()
    if symbol == wanted:
        return 0
    if symbol.startswith(wanted):
        return 1
    starts_a_word = name.startswith(wanted) or f" {wanted}" in name
    return 2 if starts_a_word else None


def _sample(instrument: Instrument) -> m.ContractDescription | None:
    if instrument.sec_type in _SAMPLED_TYPES:
        con_id, sec_type = instrument.con_id, instrument.sec_type
        derivatives: tuple[str, ...] = ("OPT", "BAG") if option_class(instrument) is not None else ()
    elif instrument.sec_type == "FUT" and instrument.under_con_id:
        con_id, sec_type = instrument.under_con_id, instrument.under_sec_type or "IND"
        derivatives = ("FUT", "FOP", "BAG") if option_class(instrument) is not None else ("FUT", "BAG")
    else:
        return None
    contract = m.Contract(
        con_id=con_id,
        symbol=instrument.symbol,
        sec_type=sec_type,
        primary_exch=instrument.primary_exchange or instrument.exchange,
        currency=instrument.currency,
        description=instrument.long_name,
    )
    return m.ContractDescription(contract, derivatives)


def scan(subscription: m.ScannerSubscription) -> tuple[m.ScannerDataElement, ...]:
    """The instruments of a scan's kind, place and price, in table order: scan codes rank nothing here."""
    rows = subscription.number_of_rows
    limit = min(rows, MAX_SCANNER_ROWS) if rows is not None and rows > 0 else MAX_SCANNER_ROWS
    found = [one for one in INSTRUMENTS if _is_scanned(one, subscription)][:limit]
    return tuple(
        m.ScannerDataElement(
            rank=rank,
            contract=reference.contract_of(one),
            market_name=one.market_name,
            distance="",
            benchmark="",
            projection="",
            combo_key="",
        )
        for rank, one in enumerate(found)
    )


def _is_scanned(instrument: Instrument, subscription: m.ScannerSubscription) -> bool:
    kind = (subscription.instrument or "STK").split(".")[0]
    is_kind = instrument.stock_type == "ETF" if kind == "ETF" else instrument.sec_type == kind
    is_place = ".US" not in (subscription.location_code or "") or instrument.currency == "USD"
    price, above, below = instrument.reference_price, subscription.above_price, subscription.below_price
    return is_kind and is_place and (above is None or price >= above) and (below is None or price <= below)


def headlines(request: m.HistoricalNewsRequest, instrument: Instrument, today: date) -> list[m.HistoricalNews]:
    """Every headline that is asked for, however many: newest first, after the start, up to and with the end."""
    asked = [code for code in (request.provider_codes or "").replace(",", "+").split("+") if code]
    start, end = _comparable(request.start_date_time), _comparable(request.end_date_time)
    return [
        news
        for news in _all_headlines(request.req_id, instrument, today)
        if (not asked or news.provider_code in asked)
        and (not start or _comparable(news.time) > start)
        and (not end or _comparable(news.time) <= end)
    ]


def latest_news(instrument: Instrument, today: date) -> m.TickNews:
    """The newest headline as a line with news gets it (tick type 62)."""
    news = next(_all_headlines(None, instrument, today))
    moment = datetime.combine(today, time(), UTC) - _HEADLINE_EVERY
    return m.TickNews(
        timestamp=round(moment.timestamp() * 1000),
        provider_code=news.provider_code,
        article_id=news.article_id,
        headline=news.headline,
        extra_data="",
    )


def _all_headlines(request_id: int | None, instrument: Instrument, today: date) -> Iterator[m.HistoricalNews]:
    codes = list(PROVIDERS)
    midnight = datetime.combine(today, time(), UTC)
    for number in range(HEADLINES_PER_CON_ID):
        moment, code = midnight - (number + 1) * _HEADLINE_EVERY, codes[number % len(codes)]
        yield m.HistoricalNews(
            req_id=request_id,
            time=f"{moment:%Y-%m-%d %H:%M:%S}.0",
            provider_code=code,
            article_id=f"{code}${instrument.con_id}-{moment:%Y%m%d%H}",
            headline=HEADLINES[number % len(HEADLINES)].format(name=instrument.long_name),
        )


def _comparable(text: str | None) -> str:
    """A moment as its digits, so that "2026-04-10 15:05:32.0" and "20260410 15:05:32" compare; "" for none."""
    digits = "".join(character for character in text or "" if character in "0123456789")
    return digits[:_SAME_PERIOD_DIGITS].ljust(_SAME_PERIOD_DIGITS, "0") if digits else ""
