"""IBKR's pacing of historical data, against a count of everything that was ever admitted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ibwire.simulator.history_pacing import HistoryPacing, HistoryQuery
from ibwire.simulator.limits import NO_LIMITS, GatewayLimits
from tests.helpers.campaigns import campaign

QUERIES = st.builds(
    HistoryQuery,
    identity=st.integers(0, 40),
    series=st.integers(0, 3),
    is_small=st.booleans(),
    weight=st.sampled_from([1, 1, 2]),
)
WAITS_S = st.sampled_from([0.0, 0.1, 0.5, 1.0, 2.0, 14.9, 15.0, 100.0])


@campaign(part=15, full=120)
@given(st.lists(st.tuples(WAITS_S, st.one_of(QUERIES, st.integers(0, 40))), min_size=50, max_size=200))
def test_admits_exactly_what_no_rule_forbids(asked: list[tuple[float, HistoryQuery | int]]) -> None:
    pacing, now_s = HistoryPacing(GatewayLimits()), 1_000_000.0
    admitted: list[tuple[float, HistoryQuery]] = []
    for wait_s, one in asked:
        now_s += wait_s
        is_bars = isinstance(one, int)
        query = HistoryQuery(one, None, is_small=True) if isinstance(one, int) else one
        small = sum(q.weight for at_s, q in admitted if q.is_small and at_s > now_s - 600)
        same = sum(q.weight for at_s, q in admitted if q.series == query.series and at_s > now_s - 2)
        is_repeated = any(q.identity == query.identity and at_s > now_s - 15 for at_s, q in admitted)
        expected = (
            not is_repeated
            and (not query.is_small or small + query.weight <= 60)
            and (is_bars or same + query.weight <= 5)
        )
        got = pacing.admits_real_time_bars(query.identity, now_s) if is_bars else pacing.admits(query, now_s)
        assert got == expected
        if got:
            admitted.append((now_s, query))


def test_without_limits_all_is_admitted() -> None:
    pacing, query = HistoryPacing(NO_LIMITS), HistoryQuery(1, 1, is_small=True, weight=2)
    assert all(pacing.admits(query, 5.0) and pacing.admits_real_time_bars(1, 5.0) for _ in range(200))
