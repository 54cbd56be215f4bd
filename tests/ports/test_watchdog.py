"""The hardware watchdog that the boot facts name, on each platform."""

import os

from ampacity.base.errors import Rejected
from ampacity.ports.detect import detect_platform
from ampacity.ports.watchdog import BoardWatchdog
from check import raises

PATH = "/tmp/ampacity-watchdog-%d" % int.from_bytes(os.urandom(4), "big")


def platform(boot):
    made, _ = detect_platform()
    return made("/tmp", boot)


class Device:
    """What the kernel's device hears."""

    def __init__(self):
        self.heard = []

    def write(self, data):
        self.heard.append(data)


def test_each_feed_is_one_write_to_the_device():
    watchdog = platform({"watchdog": "/dev/null"}).watchdog
    watchdog._device = Device()
    for _ in range(3):
        watchdog.feed()
    assert watchdog._device.heard == [b"\0"] * 3 and watchdog.armed


def test_without_a_watchdog_nothing_is_fed_and_this_is_visible():
    watchdog = platform({}).watchdog
    watchdog.feed()
    assert not watchdog.armed


def test_a_missing_watchdog_device_is_refused_by_its_name():
    for name in ("/nowhere/watchdog", 8000, "", False):
        with raises(Rejected) as refused:
            platform({"watchdog": name})
        assert refused.field == "watchdog"


def test_a_file_other_than_a_character_device_is_refused_and_not_changed():
    with raises(Rejected):
        platform({"watchdog": PATH})
    with raises(OSError):
        os.stat(PATH)
    with open(PATH, "wb") as f:
        f.write(b"mine")
    try:
        for name in (PATH, "/tmp"):
            with raises(Rejected) as refused:
                platform({"watchdog": name})
            assert "character device" in refused.allowed
        with open(PATH, "rb") as f:
            assert f.read() == b"mine"
    finally:
        os.remove(PATH)


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
