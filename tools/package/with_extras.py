"""What the package must do in an environment with all its extras: one thing of each.

Run by `tools/check_package.py` with that environment's Python; ends with an error at the first thing that is wrong.
"""

import asyncio
import json
import tempfile
import urllib.request

from ibwire import ConnectionSettings, IBSession, Settings
from ibwire.ib_async import IB, Stock
from ibwire.recording_reader import read_recording
from ibwire.simulator import ExchangeHours, SimulatedGateway
from ibwire.wire import messages as m

APPLE = m.Contract(con_id=265598, exchange="SMART")
ENOUGH_S = 20


async def recording(settings: Settings, folder: str) -> None:
    """Ticks go into Parquet files and come out as a table."""
    async with IBSession(settings) as session, asyncio.timeout(ENOUGH_S):
        (apple,) = await session.contracts.qualify([APPLE])
        async with session.recorder(folder) as recorder:
            await recorder.record(apple)
            async with session.stream(m.MarketDataRequest(contract=apple)) as ticks:
                seen = 0
                async for _ in ticks:
                    seen += 1
                    if seen == 20:
                        break
    kinds = {row.kind for row in read_recording(folder)}
    assert {"begin", "end"} < kinds, kinds
    assert len(read_recording(folder).to_pandas()) == sum(1 for _ in read_recording(folder)) > 2


async def drop_in(port: int) -> None:
    """ib_async's API on our connection."""
    ib = IB()
    async with asyncio.timeout(ENOUGH_S):
        await ib.connectAsync("127.0.0.1", port, clientId=2)
        (details,) = await ib.reqContractDetailsAsync(Stock("AAPL", "SMART", "USD"))
    assert details.contract is not None
    assert details.contract.conId == APPLE.con_id
    ib.disconnect()


def control(port: int | None) -> None:
    """The simulator's HTTP port."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/state", timeout=ENOUGH_S) as answer:
        assert "orders" in json.load(answer)


async def main() -> None:
    ExchangeHours()
    async with SimulatedGateway(speed=20, control_port=0) as gateway:
        settings = Settings(connection=ConnectionSettings(port=gateway.port))
        with tempfile.TemporaryDirectory() as folder:
            await recording(settings, folder)
        await drop_in(gateway.port)
        await asyncio.to_thread(control, gateway.control_port)


if __name__ == "__main__":
    asyncio.run(main())
