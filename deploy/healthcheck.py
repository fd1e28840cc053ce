"""Exit code 0 if this container has a link to the gateway, 1 if not. Linux only.

It looks into the kernel's table of connections for one to the port of IBWIRE_CONNECTION_PORT: no second client, nothing
sent. A link that is dead without the kernel knowing is cut by the session itself, within 15 seconds by default.
"""

import sys
from pathlib import Path

from ibwire import Settings

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
ESTABLISHED = "01"


def is_connected(port: int, tables: tuple[Path, ...] = TABLES) -> bool:
    """Whether one of the tables has an established connection to that port of whatever host."""
    for table in tables:
        rows = table.read_text(encoding="ascii").splitlines()[1:] if table.exists() else []
        for row in rows:
            _, _, remote, state, *_ = row.split()
            if state == ESTABLISHED and int(remote.rpartition(":")[2], 16) == port:
                return True
    return False


if __name__ == "__main__":
    sys.exit(0 if is_connected(Settings.from_env().connection.port) else 1)
