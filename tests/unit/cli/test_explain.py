"""`ibwire explain`: what a person, and a program, is told about a code."""

from __future__ import annotations

import json
import logging

import pytest
from rich.console import Console

from ibwire.cli.explain import explanation_of
from ibwire.error_codes import ERROR_TABLE, Action, Category, ErrorRule, Scope


def shown(code: int, text: str = "", *, width: int = 200) -> str:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(explanation_of(code, text).table())
    return capture.get()


def test_explain_known_code_gives_meaning_class_action_and_hint() -> None:
    for output in (shown(10197), explanation_of(10197).plain()):
        for part in (
            "10197",
            "competing_session (request)",
            "wait: ",
            "CompetingSession",
            "Another live login",
            "log out",
        ):
            assert part in output
        assert "unknown" not in output


def test_explain_unknown_code_says_so_without_logging(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        explanation = explanation_of(987654)
    assert not explanation.is_known
    assert "987654 (unknown: not in the table)" in explanation.plain()
    assert "a request ends, a stream ends" in explanation.plain()
    assert caplog.records == []


def test_explain_unknown_code_among_the_warnings_says_that_nothing_ends() -> None:
    explanation = explanation_of(2199)
    assert not explanation.is_known
    assert "a request goes on, a stream goes on; a new order stays as it is" in explanation.plain()


def test_explain_code_with_several_meanings_lists_them_unless_the_text_decides() -> None:
    every = explanation_of(162)
    assert {"pacing violation", "query returned no data"} <= {variant.text_contains for variant in every.variants}
    assert "with 'pacing violation'" in every.plain()

    one = explanation_of(162, "Historical Market Data Service error message:Historical data request pacing violation")
    assert (one.exception, one.is_retryable, one.variants) == ("PacingViolation", True, ())


def test_explain_as_dict_is_json_with_plain_names() -> None:
    fields = json.loads(json.dumps(explanation_of(321).as_dict()))
    assert fields["code"] == 321
    assert fields["is_known"] is True
    assert fields["action"] == "fail_request"
    assert (fields["new_order"], fields["working_order"]) == ("rejected", "reconcile")
    assert fields["variants"][0]["text_contains"] == "read-only"


def test_explain_uses_the_table_it_is_given() -> None:
    table = ERROR_TABLE.copy()
    table.override(
        ErrorRule(
            code=987654,
            scope=Scope.REQUEST,
            category=Category.NO_PERMISSION,
            action=Action.FAIL_REQUEST,
            meaning="The desk's own feed",
            hint="ask the desk",
        )
    )
    explanation = explanation_of(987654, table=table)
    assert (explanation.is_known, explanation.exception, explanation.hint) == (True, "NoPermission", "ask the desk")
    assert not explanation_of(987654).is_known


@pytest.mark.parametrize("rule", tuple(ERROR_TABLE.rules()), ids=lambda rule: f"{rule.code}-{rule.text_contains}")
def test_every_row_can_be_explained_and_fits_a_narrow_terminal(rule: ErrorRule) -> None:
    output = shown(rule.code, rule.text_contains, width=72)
    assert f"{rule.code}" in output
    assert max(map(len, output.splitlines())) <= 72
