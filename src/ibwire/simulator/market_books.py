"""The books of the whole gateway: recorded ones where the feed brings them, generated ones for the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ibwire.simulator.books import Book, GeneratedBook
from ibwire.simulator.feed import Feed
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.market import Quote
from ibwire.simulator.parquet_feed import ParquetFeed
from ibwire.simulator.recorded_depth import RecordedBook
from ibwire.simulator.recorded_feed import RecordedFeed


class PlayedBook(Book, Protocol):
    """A book that moves by itself."""

    con_id: int

    def play_until(self, at_s: float) -> None:
        """Let it move on to this second of the feed."""
        ...


class MarketBooks:
    """A book for every instrument that somebody has asked for; `recorded` ones are there from the start."""

    def __init__(self, seed: int, recorded: Iterable[PlayedBook] = ()) -> None:
        self._seed = seed
        self._recorded = {book.con_id: book for book in recorded}
        self._generated: dict[int, GeneratedBook] = {}

    def book(self, instrument: Instrument, quote: Quote) -> Book:
        """The book of an instrument; a generated one is made around the quote when it is first asked for."""
        con_id = instrument.con_id
        if con_id in self._recorded:
            return self._recorded[con_id]
        book = self._generated.get(con_id)
        if book is None:
            book = self._generated[con_id] = GeneratedBook(instrument, self._seed)
            book.follow(quote)
        return book

    def follow(self, con_id: int, quote: Quote) -> None:
        """The quote has moved, and the book that is generated around it moves too."""
        book = self._generated.get(con_id)
        if book is not None:
            book.follow(quote)

    def play_until(self, at_s: float) -> None:
        """Let the recorded books move on to this second of the feed."""
        for book in self._recorded.values():
            book.play_until(at_s)


def books_of(feed: Feed, seed: int) -> MarketBooks:
    """The books that belong to a feed. Raises RecordingError for a recording that can't be used."""
    if isinstance(feed, ParquetFeed):
        return MarketBooks(seed, feed.books())
    files = feed.depth_files if isinstance(feed, RecordedFeed) else ()
    return MarketBooks(seed, map(RecordedBook, files))
