"""Scenario files: read as a whole, with everything that is wrong with them said at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ibwire.simulator import Scenario, ScenarioError, parse_scenario, read_scenario
from ibwire.simulator.scenario import Step

GOOD = """
[[at]]
s = 0
kind = "connectivity_lost"

[[at]]
s = 12.5
kind = "restart"
down_for_s = 3

[[at]]
s = 12.5
kind = "farm_down"
farm = "usfuture"
is_inactive = true
"""


def test_entries_become_steps_in_order() -> None:
    assert parse_scenario(GOOD) == Scenario(
        (
            Step(0.0, "connectivity_lost", {}),
            Step(12.5, "restart", {"down_for_s": 3.0}),
            Step(12.5, "farm_down", {"farm": "usfuture", "is_inactive": True}),
        )
    )


def test_all_problems_are_told_at_once_by_the_number_of_the_entry() -> None:
    text = """
        title = "a bad day"
        [[at]]
        s = 5
        kind = "earthquake"
        [[at]]
        s = 4
        kind = "restart"
        down_for_s = "3"
        for_s = 1
        [[at]]
        kind = "stall"
        [[at]]
        s = -1
        [[at]]
        s = true
        kind = 7
        [[at]]
        s = nan
        kind = "farm_up"
        farm = "nowhere"
    """
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text)
    told = caught.value.problems
    for beginning, part in (
        ("'title'", "means nothing here"),
        ("entry 1:", "no fault is called 'earthquake'; there are"),
        ("entry 2:", "s = 4"),
        ("entry 2:", "down_for_s = '3'"),
        ("entry 2:", "no parameter 'for_s'"),
        ("entry 3:", "it needs 's'"),
        ("entry 3:", "stall needs 'for_s'"),
        ("entry 4:", "s = -1"),
        ("entry 4:", "it needs 'kind'"),
        ("entry 5:", "s = True"),
        ("entry 5:", "kind = 7"),
        ("entry 6:", "s = nan"),
        ("entry 6:", "no such farm; there are"),
    ):
        assert any(one.startswith(beginning) and part in one for one in told), (beginning, part, told)
    assert len(told) == 13
    assert str(caught.value).splitlines() == told


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "there is no [[at]] entry"),
        ("at = 3", "write [[at]]"),
        ("[at]\ns = 1", "write [[at]]"),
        ("[[at]\ns = 1", "line 1"),
    ],
)
def test_what_is_no_timeline_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text)
    assert complaint in str(caught.value)


def test_file_is_named_in_every_problem(tmp_path: Path) -> None:
    path = tmp_path / "night.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert read_scenario(path) == parse_scenario(GOOD)
    path.write_text("[[at]]", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_scenario(path)
    assert [problem.startswith(f"{path}: entry 1: ") for problem in caught.value.problems] == [True, True]
    path.write_bytes(b"\xff")
    with pytest.raises(ScenarioError, match=r"night\.toml: not UTF-8"):
        read_scenario(path)
    with pytest.raises(FileNotFoundError):
        read_scenario(tmp_path / "none.toml")
