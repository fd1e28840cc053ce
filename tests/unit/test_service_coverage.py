"""No public method of a service without its tests: `tests/service_coverage.py` is complete, and true."""

from __future__ import annotations

import inspect
from types import FunctionType

import pytest

from ibwire.session import IBSession
from tests.helpers.named_tests import attributes_in, exists
from tests.service_coverage import SERVICES, Covered, Nothing

METHODS = [(kind, name, tests) for kind, methods in SERVICES.items() for name, tests in methods.items()]


def public_methods(kind: type) -> set[str]:
    """The methods and properties that a class of ours has, those it inherits from ours among them."""
    ours = [one for one in kind.__mro__ if one.__module__.startswith("ibwire.")]
    return {
        name
        for one in ours
        for name, member in vars(one).items()
        if not name.startswith("_") and isinstance(member, FunctionType | property | classmethod | staticmethod)
    }


@pytest.mark.parametrize("kind", SERVICES, ids=lambda kind: kind.__name__)
def test_every_public_method_is_in_the_table(kind: type) -> None:
    assert public_methods(kind) == set(SERVICES[kind])


def test_every_service_of_a_session_is_in_the_table() -> None:
    session = IBSession()
    services = [getattr(session, name) for name in ("contracts", "market_data", "history", "account")]
    assert {type(service) for service in services} | {type(session.recorder("nowhere"))} <= set(SERVICES)
    there = {type(one) for one in vars(session).values() if type(one).__module__ in _SERVICE_MODULES}
    assert there <= set(SERVICES)


_SERVICE_MODULES = {f"ibwire.{name}" for name in ("contracts", "market_data", "history", "account", "recorder")}


@pytest.mark.parametrize(("kind", "name", "tests"), METHODS, ids=lambda one: getattr(one, "__name__", str(one)[:30]))
def test_every_test_in_the_table_exists_and_uses_its_method(kind: type, name: str, tests: Covered) -> None:
    assert inspect.getattr_static(kind, name).__doc__ or isinstance(inspect.getattr_static(kind, name), property)
    for test in (tests.works, tests.fails, tests.reconnects):
        if isinstance(test, Nothing):
            assert test.because
        else:
            assert exists(test), f"{kind.__name__}.{name}: there is no test {test}"
            assert name in attributes_in(test), f"{kind.__name__}.{name}: {test} does not use it"


def test_a_table_that_names_what_is_not_there_is_found_out() -> None:
    assert not exists("unit/test_streams.py::test_nothing_of_the_kind")
    assert not exists("unit/test_nowhere.py::test_x")
    assert "keep_up_to_date" not in attributes_in("integration/test_history.py::test_lost_link_is_waited_for")
    assert "histogram" in attributes_in("integration/test_history.py::test_lost_link_is_waited_for")
