"""A paper IB Gateway in a box: the server's side of the wire, a market, and an exchange."""

from ibwire.simulator.calendar_hours import ExchangeHours, NoCalendars
from ibwire.simulator.gateway import SimulatedGateway
from ibwire.simulator.generated_feed import GeneratedFeed
from ibwire.simulator.limits import NO_LIMITS, GatewayLimits
from ibwire.simulator.recorded_feed import RecordedFeed
from ibwire.simulator.recording_files import RecordingError

__all__ = [
    "NO_LIMITS",
    "ExchangeHours",
    "GatewayLimits",
    "GeneratedFeed",
    "NoCalendars",
    "RecordedFeed",
    "RecordingError",
    "SimulatedGateway",
]
