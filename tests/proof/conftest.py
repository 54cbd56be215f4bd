"""What runs beside all tests of the proof."""

from tests.beside import Plugin


def pytest_configure(config):
    config.pluginmanager.register(Plugin(), "runs beside")
