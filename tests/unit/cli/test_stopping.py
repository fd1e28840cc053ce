"""How a command ends: nothing that goes wrong on the way out is lost."""

from __future__ import annotations

import asyncio

import pytest

from ibwire.cli.stopping import first_of


async def fails_while_it_ends() -> None:
    try:
        await asyncio.Event().wait()
    finally:
        raise OSError("the disk is full")


async def test_what_goes_wrong_while_the_others_end_is_raised() -> None:
    with pytest.raises(OSError, match="the disk is full"):
        await first_of(asyncio.sleep(0), fails_while_it_ends())


async def test_the_others_are_cancelled_and_that_is_a_good_end() -> None:
    other = asyncio.Event()
    await first_of(asyncio.sleep(0), other.wait())


async def test_what_goes_wrong_in_ending_is_raised_also_if_it_is_cancelled_itself() -> None:
    started = asyncio.Event()

    async def fails() -> None:
        started.set()
        await fails_while_it_ends()

    work = asyncio.create_task(first_of(fails(), asyncio.Event().wait()))
    await started.wait()
    work.cancel()
    with pytest.raises(OSError, match="the disk is full"):
        await work
