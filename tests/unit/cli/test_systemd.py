"""What systemd is told."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

from ibwire.cli.systemd import Notifier

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is on Linux")


@pytest.mark.parametrize("is_abstract", [False, True])
def test_each_telling_is_a_datagram_to_the_socket_that_is_named(tmp_path: Path, *, is_abstract: bool) -> None:
    name = f"@ibwire-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{name[1:]}" if is_abstract else name)
        systemd.settimeout(5)
        notifier = Notifier({"NOTIFY_SOCKET": name})
        notifier.tell("READY=1", "STATUS=healthy")
        assert systemd.recv(100) == b"READY=1\nSTATUS=healthy"
        notifier.close()
        notifier.tell("STOPPING=1")  # nobody to tell
        systemd.settimeout(0)
        with pytest.raises(BlockingIOError):
            systemd.recv(100)


def test_without_a_socket_or_with_nobody_behind_it_nothing_happens(tmp_path: Path) -> None:
    for environ in ({}, {"NOTIFY_SOCKET": str(tmp_path / "nobody")}):
        notifier = Notifier(environ)
        notifier.tell("READY=1")
        notifier.close()


@pytest.mark.parametrize(
    ("more", "told"), [({}, 3), ({"WATCHDOG_PID": str(os.getpid())}, 3), ({"WATCHDOG_PID": "1"}, 0)]
)
async def test_the_watchdog_hears_of_it_twice_in_its_time_if_it_is_meant(
    tmp_path: Path, more: dict[str, str], told: int
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(0)
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "40000", **more})
        keeping = asyncio.create_task(notifier.keep_alive())
        for _ in range(told):
            async with asyncio.timeout(5):
                assert await asyncio.get_running_loop().sock_recv(systemd, 100) == b"WATCHDOG=1"
        await asyncio.sleep(0)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        notifier.close()
        if not told:
            with pytest.raises(BlockingIOError):
                systemd.recv(100)
