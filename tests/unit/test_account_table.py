"""The table of an account subscription against a gateway that is only a dictionary, through every kind of gap."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ibwire.account_table import AccountTable, Phase
from ibwire.gaps import Gap, GapReason, Resumed
from ibwire.positions import Position
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
END = "end"

Item = Position | str


def held(con_id: int, quantity: int) -> Position:
    return Position(account="DU1", contract=m.Contract(con_id=con_id), quantity=Decimal(quantity))


def gap(reason: GapReason) -> Gap:
    return Gap(NOW, reason)


class World:
    """What is held at the gateway, what is on the way, the table, and a consumer that does what it is told.

    What is on the way keeps its order. What cuts a subscription off says Gap at once, and Resumed goes before the next
    thing that arrives, as kept streams have it. A step that cannot be taken now is none.
    """

    def __init__(self) -> None:
        self.held: dict[int, int] = {1: 1, 2: 2}
        self.on_the_way: deque[Item] = deque()
        self.table: AccountTable[Position] = AccountTable()
        self.consumer: dict[int, Decimal] = {}
        self.in_gap = False
        self.is_offline = False
        self.was_answered = False
        self.stood: dict[int, Decimal] = {}
        self.subscribe()

    @property
    def is_live(self) -> bool:
        """Whether what happens at the gateway is told."""
        return self.is_subscribed and not self.is_offline

    # --- the gateway's steps

    def trade(self, con_id: int, quantity: int, before_end: bool) -> None:
        """What is held changes, and is told: after what is on the way, or within a download."""
        self.held[con_id] = quantity
        if self.is_live:
            ends = bool(self.on_the_way) and self.on_the_way[-1] == END
            self.on_the_way.insert(len(self.on_the_way) - (before_end and ends), held(con_id, quantity))

    def say_all_again(self) -> None:
        """As a gateway does every three minutes."""
        if self.is_live:
            self.on_the_way.extend(self._rows())

    def lose_link(self) -> None:
        if self.is_subscribed:
            self.is_subscribed = self.is_offline = False
            self.on_the_way.clear()
            self._begin_gap(GapReason.LINK_LOST)

    def return_link(self) -> None:
        if not self.is_subscribed:
            self.subscribe()

    def go_offline(self) -> None:
        """1100: the rest of a download may come later, as it was; one that has not begun is answered later."""
        if self.is_live:
            self.is_offline = True
            self.was_answered = self.table.phase is not Phase.IN_GAP
            self._begin_gap(GapReason.OFFLINE)

    def come_online(self, is_data_lost: bool) -> None:
        """1101: everything is asked for again. 1102: it goes on, and what happened meanwhile is not told."""
        if self.is_offline:
            self.is_offline = False
            if is_data_lost or not self.was_answered:
                self.subscribe()

    # --- the client's

    def subscribe(self) -> None:
        self.is_subscribed = True
        self.on_the_way = deque([*self._rows(), END])

    def ask_again(self) -> None:
        """When a download does not come to its end; in a gap the kept stream does it by itself."""
        if self.is_live and not self.table.is_current:
            if self.table.phase is Phase.FILLING:
                self.table.restart()
            self.subscribe()

    def distrust(self) -> None:
        if self.table.phase is not Phase.IN_GAP:
            self._tell(self.table.distrust(gap(GapReason.NOT_READY)))

    def arrive(self, count: int) -> None:
        for _ in range(count):
            if self.is_live and self.on_the_way:
                self._take(self.on_the_way.popleft())

    # --- what must hold

    def look(self) -> None:
        known = {row.contract.con_id or 0: row.quantity for row in self.table.rows}
        if self.table.is_current:
            self.stood = known
        assert known == self.stood, "what is known changes only while it is current"
        if self.table.is_current and self.is_live and not self.on_the_way:
            assert known == {con_id: Decimal(number) for con_id, number in self.held.items() if number}
        assert {con_id: number for con_id, number in self.consumer.items() if number} == known
        if self.table.is_known:
            assert self.in_gap is not self.table.is_current

    # --- how

    def _rows(self) -> list[Item]:
        """What is held; what was closed comes with 0, or not at all."""
        return [held(con_id, number) for con_id, number in self.held.items() if number or con_id % 2]

    def _begin_gap(self, reason: GapReason) -> None:
        if self.table.phase is not Phase.IN_GAP:  # a kept stream says it once
            self._tell(self.table.begin_gap(gap(reason)))

    def _take(self, item: Item) -> None:
        if self.table.phase is Phase.IN_GAP:
            self.table.end_gap()
        self._tell(self.table.take(item) if isinstance(item, Position) else self.table.end(Resumed(NOW)))

    def _tell(self, news: list[Position | Gap | Resumed]) -> None:
        for item in news:
            if isinstance(item, Position):
                con_id = item.contract.con_id or 0
                assert not self.in_gap, "between a gap and its end nothing is told"
                assert self.consumer.get(con_id) != item.quantity, "nothing is told twice"
                self.consumer[con_id] = item.quantity
            else:
                assert self.in_gap is isinstance(item, Resumed), "a gap, its end, a gap, its end"
                self.in_gap = isinstance(item, Gap)


TRADE = st.tuples(st.just(World.trade), st.integers(1, 3), st.integers(0, 2), st.booleans())
ARRIVE = st.tuples(st.just(World.arrive), st.integers(1, 3))
SELDOM = st.one_of(
    st.tuples(st.just(World.come_online), st.booleans()),
    st.tuples(
        st.sampled_from(
            [
                *(World.lose_link, World.return_link, World.go_offline),
                *(World.ask_again, World.distrust, World.say_all_again),
            ]
        )
    ),
)
STEPS = st.lists(st.one_of(TRADE, ARRIVE, SELDOM), min_size=10, max_size=60)


@campaign(part=400, full=10_000)
@given(steps=STEPS)
def test_table_is_whole_when_known_right_when_current_and_tells_every_change(steps: list[tuple[Any, ...]]) -> None:
    world = World()
    for step, *arguments in steps:
        step(world, *arguments)
        world.look()
    # Whatever has happened: connected, asked again and answered, it is right.
    world.come_online(is_data_lost=True)
    world.return_link()
    for _ in range(2):
        world.arrive(len(world.on_the_way))
        world.ask_again()
    world.arrive(len(world.on_the_way))
    assert world.table.is_current
    world.look()


def test_position_closed_while_away_is_told_as_closed_and_lives_no_longer() -> None:
    world = World()
    world.arrive(10)
    world.lose_link()
    world.trade(2, 0, before_end=False)
    world.return_link()
    world.arrive(10)
    assert [row.contract.con_id for row in world.table.rows] == [1]
    assert world.consumer == {1: 1, 2: 0}


def test_end_of_a_download_with_a_gap_in_its_middle_does_not_count() -> None:
    table: AccountTable[Position] = AccountTable()
    table.take(held(1, 5))
    table.begin_gap(gap(GapReason.OFFLINE))
    table.end_gap()
    table.take(held(2, 7))
    assert table.end(Resumed(NOW)) == []
    assert not table.is_known
    table.restart()
    table.take(held(1, 5))
    table.take(held(2, 7))
    assert table.end(Resumed(NOW)) == [Resumed(NOW), held(1, 5), held(2, 7)]
    assert len(table.rows) == 2
