"""Which test shows each public method of the services, its errors, and what it does across a reconnect.

`tests/unit/test_service_coverage.py` finds the methods by introspection and holds them to this table, so that none
comes without. `docs/requests.md` names the tests from here.
"""

from __future__ import annotations

from msgspec import Struct

from ibwire.account import Account
from ibwire.account_view import AccountView
from ibwire.contracts import Contracts
from ibwire.history import History
from ibwire.live_bars import LiveBars
from ibwire.market_data import MarketData
from ibwire.record_table import RecordTable
from ibwire.recorder import Recorder
from ibwire.recording_reader import Recording


class Nothing(Struct, frozen=True):
    """There is nothing to test, for this reason."""

    because: str


Shown = str | Nothing
"""`path of the file::name of the test`, below `tests/`."""


class Covered(Struct, frozen=True):
    """The tests of one method."""

    works: str
    fails: Shown
    reconnects: Shown


LOCAL = Nothing("it asks the gateway nothing")
CANNOT_FAIL = Nothing("it raises nothing")

CONTRACTS = "integration/test_contract_lookups.py"
MARKET = "integration/test_market_data_service.py"
LOOKUPS = "integration/test_market_lookups.py"
HISTORY = "integration/test_history.py"
ACCOUNT = "integration/test_account_service.py"
RECORDING = "integration/test_recording.py"


UNKNOWN = "every_question_about_a_contract_refuses_what_is_unknown_or_means_nothing"
NOT_OURS = f"{ACCOUNT}::test_account_that_is_not_this_logins_is_refused_with_ibkrs_321"


def _contracts(works: str, fails: str = UNKNOWN) -> Covered:
    reconnects = f"{CONTRACTS}::test_a_question_on_a_link_that_dies_is_answered_after_the_reconnect"
    return Covered(f"{CONTRACTS}::test_{works}", f"{CONTRACTS}::test_{fails}", reconnects)


def _market(works: str, fails: str | Nothing, reconnects: str) -> Covered:
    refused = f"{MARKET}::test_{fails}" if isinstance(fails, str) else fails
    return Covered(f"{MARKET}::test_{works}", refused, f"{MARKET}::test_{reconnects}")


def _lookup(works: str, fails: str) -> Covered:
    reconnects = f"{LOOKUPS}::test_a_question_on_a_link_that_dies_is_answered_after_the_reconnect"
    return Covered(f"{LOOKUPS}::test_{works}", f"{LOOKUPS}::test_{fails}", reconnects)


def _history() -> Covered:
    return Covered(
        f"{HISTORY}::test_each_method_gives_what_the_gateway_has",
        f"{HISTORY}::test_every_method_refuses_an_unknown_and_an_ambiguous_contract",
        f"{HISTORY}::test_lost_link_is_waited_for",
    )


def _account(works: str, fails: str = NOT_OURS) -> Covered:
    reconnects = f"{ACCOUNT}::test_what_happened_while_away_is_right_after_the_reconnect"
    return Covered(f"{ACCOUNT}::test_{works}", fails, reconnects)


def _table(library: str) -> Covered:
    missing = "unit/test_record_table.py::test_missing_library_is_named_with_what_to_do"
    return Covered(f"unit/test_record_table.py::test_every_kind_of_record_becomes_a_table_of_{library}", missing, LOCAL)


SERVICES: dict[type, dict[str, Covered]] = {
    Contracts: {
        "qualify": _contracts(
            "kinds_are_qualified_by_what_people_call_them", "unknown_and_ambiguous_contracts_are_typed_errors"
        ),
        "details": _contracts("details_and_all_that_fits_a_description"),
        "find": _contracts("details_and_all_that_fits_a_description"),
        "search": _contracts(
            "a_search_finds_symbols_and_nothing_is_an_answer_too", "rules_and_patterns_that_are_none_are_errors"
        ),
        "option_chain": _contracts(
            "an_option_chain_is_told_by_exchange_and_class", "no_options_are_an_error_that_says_what_there_is"
        ),
        "market_rule": _contracts("prices_are_rounded_by_rule_or_tick", "rules_and_patterns_that_are_none_are_errors"),
        "price_grid": _contracts("prices_are_rounded_by_rule_or_tick"),
        "round_price": _contracts("prices_are_rounded_by_rule_or_tick"),
        "trading_hours": _contracts("hours_are_told_in_the_exchanges_own_days"),
        "is_open": _contracts("hours_are_told_in_the_exchanges_own_days"),
        "next_open": _contracts("hours_are_told_in_the_exchanges_own_days"),
        "next_close": _contracts("hours_are_told_in_the_exchanges_own_days"),
        "aclose": Covered(
            "unit/test_contracts.py::test_closing_the_session_ends_every_question_with_a_typed_error",
            CANNOT_FAIL,
            LOCAL,
        ),
    },
    MarketData: {
        "quotes": _market(
            "quote_has_the_market_and_the_day", "refusals_are_typed", "quotes_go_on_after_every_kind_of_loss"
        ),
        "latest": _market(
            "latest_and_usage_are_right_before_in_and_after_a_loss",
            CANNOT_FAIL,
            "latest_and_usage_are_right_before_in_and_after_a_loss",
        ),
        "snapshot": _market(
            "snapshot_is_of_now_and_may_take_its_time",
            "snapshot_is_of_now_and_may_take_its_time",
            "snapshot_is_of_now_and_may_take_its_time",
        ),
        "market_data_kind": Covered(
            "unit/test_market_data.py::test_kind_of_data_is_asked_for_again_before_the_lines",
            CANNOT_FAIL,
            "unit/test_market_data.py::test_kind_of_data_is_asked_for_again_before_the_lines",
        ),
        "set_market_data_kind": Covered(
            f"{MARKET}::test_delayed_data_say_so_and_are_asked_for_again_after_a_loss",
            "unit/test_market_data.py::test_without_a_session_it_says_so",
            f"{MARKET}::test_delayed_data_say_so_and_are_asked_for_again_after_a_loss",
        ),
        "ticks": _market(
            "ticks_of_every_kind_are_typed", "refusals_are_typed", "ticks_go_on_after_a_loss_and_share_their_line"
        ),
        "depth": _market(
            "smart_book_names_its_venues_and_what_is_not_offered_is_refused",
            "refusals_are_typed",
            "book_is_the_gateways_through_quotes_resets_halts_and_losses",
        ),
        "bars": _market(
            "bars_of_five_seconds_and_longer_ones_go_on_after_a_loss",
            "refusals_are_typed",
            "bars_of_five_seconds_and_longer_ones_go_on_after_a_loss",
        ),
        "implied_volatility": _lookup(
            "price_and_volatility_of_an_option_are_each_others_inverse",
            "what_cannot_be_computed_is_an_error_and_no_empty_answer",
        ),
        "option_price": _lookup(
            "price_and_volatility_of_an_option_are_each_others_inverse",
            "what_cannot_be_computed_is_an_error_and_no_empty_answer",
        ),
        "smart_components": _lookup(
            "letters_of_a_quote_are_expanded_and_books_are_listed",
            "letters_of_a_quote_are_expanded_and_books_are_listed",
        ),
        "depth_exchanges": _lookup(
            "letters_of_a_quote_are_expanded_and_books_are_listed", "a_question_that_is_not_answered_is_a_time_out"
        ),
        "usage": _market(
            "latest_and_usage_are_right_before_in_and_after_a_loss",
            CANNOT_FAIL,
            "latest_and_usage_are_right_before_in_and_after_a_loss",
        ),
    },
    History: {
        "bars": _history(),
        "ticks": _history(),
        "head_timestamp": _history(),
        "histogram": _history(),
        "schedule": _history(),
        "keep_up_to_date": Covered(
            f"{HISTORY}::test_last_bar_of_the_day_is_closed_soon_after_it_and_as_the_gateway_has_it",
            f"{HISTORY}::test_refusal_of_a_stream_is_raised_by_its_iterator",
            f"{HISTORY}::test_bars_kept_up_to_date_have_no_hole_after_a_gap",
        ),
    },
    LiveBars: {
        "close": Covered(f"{HISTORY}::test_live_bars_that_are_closed_are_cancelled_at_the_gateway", CANNOT_FAIL, LOCAL),
    },
    Account: {
        "positions": _account("positions_of_all_accounts_or_of_one"),
        "values": _account("values_follow_fills_for_one_account_and_for_several"),
        "portfolio": _account(
            "portfolio_has_what_positions_are_worth",
            "unit/test_account.py::test_account_has_to_be_named_where_there_are_several_and_be_ones_own",
        ),
        "pnl": _account("profit_and_loss_of_account_and_position_move_with_the_market"),
        "position_pnl": _account("profit_and_loss_of_account_and_position_move_with_the_market"),
        "summary": _account(
            "summary_has_every_tag_of_every_account_and_is_renewed_every_three_minutes",
            f"{ACCOUNT}::test_third_summary_of_a_client_is_refused_with_ibkrs_322",
        ),
        "aclose": Covered(
            "unit/test_account.py::test_session_that_is_closed_ends_streams_and_those_who_wait",
            CANNOT_FAIL,
            Nothing("it ends everything, with a link or without"),
        ),
    },
    AccountView: {
        "ready": _account("positions_follow_fills_as_state_stream_and_events"),
        "read": _account(
            "positions_follow_fills_as_state_stream_and_events",
            f"{ACCOUNT}::test_view_that_is_released_while_the_link_is_down_is_not_asked_for_again",
        ),
        "stream": _account("positions_follow_fills_as_state_stream_and_events"),
        "release": Covered(
            "unit/test_account_feed.py::test_one_subscription_serves_everybody_and_the_last_to_leave_frees_it",
            CANNOT_FAIL,
            f"{ACCOUNT}::test_view_that_is_released_while_the_link_is_down_is_not_asked_for_again",
        ),
    },
    Recorder: {
        "start": Covered(
            f"{RECORDING}::test_a_recording_begun_and_ended_while_the_link_is_down_says_so",
            f"{RECORDING}::test_a_folder_that_is_in_use_is_refused_at_the_start",
            f"{RECORDING}::test_a_recording_begun_and_ended_while_the_link_is_down_says_so",
        ),
        "record": Covered(
            f"{RECORDING}::test_what_comes_through_the_wire_is_read_back_tick_for_tick",
            f"{RECORDING}::test_the_session_makes_a_recorder",
            f"{RECORDING}::test_a_gap_is_marked_and_exactly_what_came_in_it_is_missing",
        ),
        "statistics": Covered(
            "unit/test_recorder.py::test_statistics_count_what_came_and_what_is_written",
            CANNOT_FAIL,
            "unit/test_recorder.py::test_statistics_count_what_came_and_what_is_written",
        ),
        "wait": Covered(
            f"{RECORDING}::test_a_refused_stream_ends_the_recording_with_what_came_before_it",
            f"{RECORDING}::test_a_refused_stream_ends_the_recording_with_what_came_before_it",
            f"{RECORDING}::test_a_recording_begun_and_ended_while_the_link_is_down_says_so",
        ),
        "aclose": Covered(
            f"{RECORDING}::test_a_recording_begun_and_ended_while_the_link_is_down_says_so",
            f"{RECORDING}::test_a_refused_stream_ends_the_recording_with_what_came_before_it",
            f"{RECORDING}::test_a_recording_begun_and_ended_while_the_link_is_down_says_so",
        ),
    },
    Recording: {
        "to_arrow": Covered(
            "unit/test_recording_writer.py::test_a_recording_is_a_table_as_well",
            Nothing("where pyarrow is missing, `read_recording` has said so"),
            LOCAL,
        ),
        "to_pandas": Covered(
            "unit/test_recording_writer.py::test_a_recording_is_a_table_of_pandas_where_that_is_installed",
            "unit/test_recording_writer.py::test_a_recording_is_a_table_of_pandas_where_that_is_installed",
            LOCAL,
        ),
    },
    RecordTable: {
        "columns": Covered("unit/test_record_table.py::test_every_kind_of_record_becomes_columns", CANNOT_FAIL, LOCAL),
        "to_pandas": _table("pandas"),
        "to_polars": _table("polars"),
        "to_arrow": _table("arrow"),
    },
}
"""By class and method."""
