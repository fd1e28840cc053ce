"""Plugins of the whole suite: our own, whether it is installed or not, and pytest's for testing plugins."""

pytest_plugins = ["ibwire.pytest_plugin", "pytester"]
