"""What can go wrong with a gateway, on demand: `await gateway.inject("restart", down_for_s=3)`.

A fault is a function of the gateway and its parameters, in one table by name; what lasts is ended by the same fault
with `is_on=False`, or as its description says. Parameters are checked against the function's own annotations.
"""

from __future__ import annotations

import inspect
import math
import typing
from collections.abc import Callable, Coroutine, Iterator, Mapping
from functools import cache
from typing import Any

import msgspec

from ibwire.simulator import farms, link_faults, service_faults
from ibwire.simulator.instruments import INSTRUMENTS, by_con_id, by_local_symbol
from ibwire.simulator.order_faults import ORDER_FAULTS
from ibwire.simulator.state import ActiveFault

Fault = Callable[..., Coroutine[Any, Any, None] | None]

FAULTS: dict[str, Fault] = ORDER_FAULTS | {
    fault.__name__: fault
    for fault in (
        link_faults.disconnect,
        link_faults.reset,
        link_faults.half_open,
        link_faults.stall,
        link_faults.slow,
        link_faults.split_writes,
        link_faults.garbage_frame,
        link_faults.truncated_frame,
        link_faults.oversized_frame,
        link_faults.restart,
        link_faults.hello_never_answered,
        link_faults.client_id_in_use,
        link_faults.clock_skew,
        service_faults.connectivity_lost,
        service_faults.connectivity_restored,
        service_faults.farm_down,
        service_faults.farm_up,
        service_faults.silent_stream,
        service_faults.depth_halted,
        service_faults.depth_reset,
        service_faults.competing_session,
        service_faults.daily_reset,
    )
}
"""Every fault by its name."""


class Parameter(msgspec.Struct, frozen=True):
    """What a fault may be given: its type, and its default or `inspect.Parameter.empty` if it must be given."""

    kind: Any
    default: Any

    @property
    def is_required(self) -> bool:
        """Whether the fault cannot do without."""
        return self.default is inspect.Parameter.empty


class BadFault(ValueError):
    """There is no such fault, or not with these parameters; `problems` are all that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@cache
def parameters_of(kind: str) -> dict[str, Parameter]:
    """What the fault of this name may be given. Raises KeyError if there is none."""
    fault = FAULTS[kind]
    types = typing.get_type_hints(fault, include_extras=True)
    return {
        name: Parameter(types[name], parameter.default)
        for name, parameter in inspect.signature(fault).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def checked(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as the fault takes them. Raises BadFault with everything that is wrong."""
    if kind not in FAULTS:
        raise BadFault([f"no fault is called {kind!r}; there are {', '.join(sorted(FAULTS))}"])
    problems: list[str] = []
    values: dict[str, Any] = {}
    known = parameters_of(kind)
    for name, value in given.items():
        if name not in known:
            problems.append(f"{kind} has no parameter {name!r}; it has {', '.join(known) or 'none'}")
            continue
        try:
            values[name] = _value(name, value, known[name])
        except ValueError as error:  # msgspec's ValidationError is one
            problems.append(f"{kind}: {name} = {value!r}: {error}")
    missing = [name for name, parameter in known.items() if parameter.is_required and name not in given]
    problems += [f"{kind} needs {name!r}" for name in missing]
    if problems:
        raise BadFault(problems)
    return values


def start(gateway: service_faults.Gateway, kind: str, given: Mapping[str, Any]) -> Coroutine[Any, Any, None] | None:
    """Let a fault happen, or if it takes time the work to do so. Raises BadFault."""
    parameters = checked(kind, given)
    return FAULTS[kind](gateway, **parameters)


def active(gateway: service_faults.Gateway) -> Iterator[ActiveFault]:
    """The faults that go on until they are ended; those that end by themselves are the gateway's works."""
    silenced = sorted(s.client_id for s in gateway.sessions if s.silenced_by == "half_open" and s.client_id is not None)
    is_on = {
        "half_open": silenced and {"client_ids": silenced},
        "slow": gateway.link.bytes_per_s is not None and {"bytes_per_second": gateway.link.bytes_per_s},
        "split_writes": gateway.link.splits_writes and {},
        "hello_never_answered": not gateway.answers_hellos and {},
        "client_id_in_use": gateway.refused_client_ids and {"times": gateway.refused_client_ids},
        "clock_skew": gateway.clock.skew_s and {"seconds": gateway.clock.skew_s},
        "connectivity_lost": gateway.is_offline and {},
        "competing_session": gateway.has_competitor and {},
    }
    for kind, parameters in is_on.items():
        if isinstance(parameters, dict):
            yield ActiveFault(kind=kind, parameters=parameters)
    for kind, given in gateway.desk.faults.active():
        yield ActiveFault(kind=kind, parameters=given)
    for farm in sorted(gateway.farms_down | gateway.farms_asleep):
        yield ActiveFault(kind="farm_down", parameters={"farm": farm, "is_inactive": farm not in gateway.farms_down})
    for con_id in sorted(gateway.silent_con_ids):
        instrument = by_con_id(con_id)
        if instrument is not None:
            yield ActiveFault(kind="silent_stream", parameters={"symbol": instrument.local_symbol})


def _value(name: str, value: Any, parameter: Parameter) -> Any:
    converted = msgspec.convert(value, parameter.kind)
    if isinstance(converted, float) and not math.isfinite(converted):
        raise ValueError("a finite number is needed")
    if name == "farm" and converted not in farms.FARMS:
        raise ValueError(f"no such farm; there are {', '.join(farms.FARMS)}")
    if name == "symbol" and by_local_symbol(converted) is None:
        raise ValueError(f"no such local symbol; there are {', '.join(one.local_symbol for one in INSTRUMENTS)}")
    return converted
