"""Plugins of the whole suite: our own, whether it is installed or not, and pytest's for testing plugins.

Properties are tried with the same examples in every run, without a time limit: the machines are shared, and a slow
example says nothing. `make campaigns` tries more, and others with a seed.
"""

import signal

import hypothesis

pytest_plugins = ["ibwire.pytest_plugin", "pytester"]

hypothesis.settings.register_profile(
    "ibwire", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("ibwire")

# A shell starts what runs in the background with Ctrl-C ignored, and children inherit it: tests that interrupt a
# command would wait for something that cannot happen.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
