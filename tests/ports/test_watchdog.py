"""The hardware watchdog that the boot facts name, on each platform."""

import os

from ampacity.base.errors import Rejected
from ampacity.ports.here import platform
from ampacity.ports.watchdog import BoardWatchdog
from check import raises

PATH = "/tmp/ampacity-watchdog-%d" % int.from_bytes(os.urandom(4), "big")


def doors(boot):
    made, _ = platform()
    return made("/tmp", boot)


def test_each_feed_is_one_write_to_the_device():
    with open(PATH, "wb"):
        pass
    try:
        watchdog = doors({"watchdog": PATH}).watchdog
        for _ in range(3):
            watchdog.feed()
        with open(PATH, "rb") as f:
            assert f.read() == b"\0\0\0" and watchdog.armed
    finally:
        os.remove(PATH)


def test_without_one_nothing_is_fed_and_all_can_see_that():
    watchdog = doors({}).watchdog
    watchdog.feed()
    assert not watchdog.armed


def test_one_that_is_not_there_is_refused_by_its_name():
    for name in ("/nowhere/watchdog", 8000):
        with raises(Rejected) as refused:
            doors({"watchdog": name})
        assert refused.field == "watchdog"


class Wdt:
    """machine.WDT as a board has it."""

    def __init__(self, timeout):
        self.timeout, self.fed = timeout, 0

    def feed(self):
        self.fed += 1


def test_a_boards_own_is_started_with_its_time():
    watchdog = BoardWatchdog(Wdt, 8000)
    watchdog.feed()
    assert (watchdog._wdt.timeout, watchdog._wdt.fed) == (8000, 1)
    for wrong in (True, 0, 499, 8301, "8000"):
        with raises(Rejected):
            BoardWatchdog(Wdt, wrong)
