"""Settings: plain dataclasses, checked when they are made."""

from __future__ import annotations

from dataclasses import dataclass

from ibwire.exceptions import ConfigurationError

MAX_CLIENT_ID = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class ConnectionSettings:
    """Where the gateway is and how long to wait for it. Times are seconds.

    `connect_timeout_s` bounds each stage of connecting (TCP, the gateway's hello, accounts and order id) on its own.
    `stream_bound` is how many messages a stream holds for a consumer that is behind.
    Raises ConfigurationError naming every value that cannot work.
    """

    host: str = "127.0.0.1"  # not "localhost": that may resolve to ::1, where no gateway listens
    port: int = 4002
    client_id: int = 1
    connect_timeout_s: float = 10.0
    request_timeout_s: float = 60.0
    stream_bound: int = 65_536

    def __post_init__(self) -> None:
        problems = []
        if not self.host:
            problems.append("host is empty; it needs a name or an address")
        if not 0 < self.port < 65536:
            problems.append(f"port is {self.port}; allowed are 1 to 65535")
        if not 0 <= self.client_id <= MAX_CLIENT_ID:
            problems.append(f"client_id is {self.client_id}; allowed are 0 to {MAX_CLIENT_ID}")
        for name in ("connect_timeout_s", "request_timeout_s"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                problems.append(f"{name} is {value}; it needs a positive number of seconds")
        if self.stream_bound < 1:
            problems.append(f"stream_bound is {self.stream_bound}; it needs at least 1")
        if problems:
            raise ConfigurationError("; ".join(problems))
