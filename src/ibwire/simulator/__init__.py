"""A paper IB Gateway in a box: the server's side of the wire, a market, and an exchange."""

from ibwire.simulator.calendar_hours import ExchangeHours, NoCalendars
from ibwire.simulator.clock import ManualClock, RealClock
from ibwire.simulator.faults import BadFault
from ibwire.simulator.gateway import DEFAULT_ACCOUNTS, MAX_CLIENTS, SimulatedGateway
from ibwire.simulator.generated_feed import GeneratedFeed
from ibwire.simulator.limits import NO_LIMITS, GatewayLimits
from ibwire.simulator.parquet_feed import ParquetFeed
from ibwire.simulator.pulse import NotManual
from ibwire.simulator.recorded_feed import RecordedFeed
from ibwire.simulator.recording_files import RecordingError
from ibwire.simulator.scenario import Scenario, ScenarioError, parse_scenario, read_scenario
from ibwire.simulator.threaded import GatewayThread

__all__ = [
    "DEFAULT_ACCOUNTS",
    "MAX_CLIENTS",
    "NO_LIMITS",
    "BadFault",
    "ExchangeHours",
    "GatewayLimits",
    "GatewayThread",
    "GeneratedFeed",
    "ManualClock",
    "NoCalendars",
    "NotManual",
    "ParquetFeed",
    "RealClock",
    "RecordedFeed",
    "RecordingError",
    "Scenario",
    "ScenarioError",
    "SimulatedGateway",
    "parse_scenario",
    "read_scenario",
]
