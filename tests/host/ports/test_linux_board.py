"""Pins, analog inputs, RS-485 mode and watchdog of a board on Linux, on a simulated `gpiod` and simulated files of the kernel."""

import asyncio
import fcntl
import json
import os
import pty
import struct
import sys
from types import ModuleType

import pytest
from fake_gpiod import FakeGpiod

from ampacity.base.errors import Rejected
from ampacity.ports import linux_board
from ampacity.ports.linux import LinuxPlatform
from ampacity.ports.linux_board import LinuxPins, gpiod_module, set_rs485, set_watchdog
from ampacity_host.board.command import chosen


@pytest.fixture
def machine(tmp_path):
    """(fake gpiod, LinuxPins) with two chips."""
    chips = {str(tmp_path / f"gpiochip{n}"): names for n, names in enumerate((["ID_SDA", "GPIO22"], ["GPIO23", "AMPACITY-ALARM"]))}
    for path in chips:
        open(path, "w").close()
    fake = FakeGpiod(chips)
    return fake, LinuxPins(fake, str(tmp_path / "gpiochip*"), f"{tmp_path}/iio:device*/")


def pin(name, level=1, pull="none"):
    return {"pin": name, "level": level, "pull": pull}


def test_a_line_is_found_by_its_name_on_any_chip_and_starts_off(machine, tmp_path):
    fake, pins = machine
    write = pins.output(pin("AMPACITY-ALARM", level=0))
    place = str(tmp_path / "gpiochip1"), 1
    assert fake.levels == {place: True}  # off is high
    write(True)
    assert fake.levels == {place: False}


def test_an_input_is_active_at_its_level_and_biased_as_the_board_says(machine, tmp_path):
    fake, pins = machine
    read = pins.input(pin("GPIO22", level=0, pull="up"))
    place = str(tmp_path / "gpiochip0"), 1
    assert fake.settings[place]["bias"] == "PULL_UP" and read() is True
    fake.levels[place] = True
    assert read() is False
    assert pins.input(pin("GPIO23", pull="external-up"))() is False and fake.settings[str(tmp_path / "gpiochip1"), 0]["bias"] == "AS_IS"


def test_a_line_that_no_chip_has_is_refused_by_name(machine):
    with pytest.raises(Rejected, match="GPIO99.*gpioinfo"):
        machine[1].output(pin("GPIO99"))


def test_a_chip_that_may_not_be_opened_is_refused_by_its_path_and_one_that_is_gone_is_passed_over(machine, tmp_path):
    fake, pins = machine
    fake.broken[str(tmp_path / "gpiochip0")] = OSError(6, "no such device or address")
    assert pins.place_of("GPIO23") == (str(tmp_path / "gpiochip1"), 0)
    fake.broken[str(tmp_path / "gpiochip1")] = PermissionError(1, "Operation not permitted")
    with pytest.raises(Rejected, match="gpiochip1.*linux.md"):
        pins.output(pin("GPIO23"))


def test_without_the_package_or_with_its_version_1_the_remedy_is_named(monkeypatch):
    for module, found in ((None, "absent"), (ModuleType("gpiod"), "version 1")):
        monkeypatch.setitem(sys.modules, "gpiod", module)
        with pytest.raises(Rejected, match=rf"{found}.*ampacity\[linux\].*python3-libgpiod \(>= 2\)"):
            gpiod_module()


def test_an_analog_input_needs_no_package_for_lines(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "gpiod", None)
    (tmp_path / "in_voltage0_raw").write_text("7\n")
    assert LinuxPins(iio=f"{tmp_path}/").voltage_mv({"pin": "in_voltage0"})() == 7


def test_the_package_of_the_lock_file_has_what_the_simulated_one_has(tmp_path):
    """Its names and words, as far as they go without a chip: a file that is none is refused by the library itself."""
    fake, real = FakeGpiod({}), gpiod_module()
    for name in ("Value", "Direction", "Bias"):
        assert set(vars(getattr(fake.line, name))) <= {member.name for member in getattr(real.line, name)}, name
    assert callable(real.Chip.line_offset_from_id) and callable(real.LineRequest.set_value) and callable(real.LineRequest.get_value)
    line = real.line
    settings = real.LineSettings(active_low=True, bias=line.Bias.PULL_UP, direction=line.Direction.OUTPUT, output_value=line.Value.INACTIVE)
    (tmp_path / "gpiochip0").touch()
    with pytest.raises(OSError):
        real.request_lines(str(tmp_path / "gpiochip0"), consumer="ampacity", config={3: settings})
    with pytest.raises(Rejected, match="GPIO22.*gpioinfo"):
        LinuxPins(chips=str(tmp_path / "gpiochip*")).output(pin("GPIO22"))


def test_an_analog_input_is_raw_plus_offset_times_scale(machine, tmp_path):
    folder = tmp_path / "iio:device0"
    folder.mkdir()
    (folder / "in_voltage3_raw").write_text("1000\n")
    (folder / "in_voltage_scale").write_text("0.805664062\n")
    read = machine[1].voltage_mv({"pin": "in_voltage3"})
    assert read() == 805
    (folder / "in_voltage3_scale").write_text("2.0\n")
    (folder / "in_voltage3_offset").write_text("-100\n")
    assert machine[1].voltage_mv({"pin": "in_voltage3"})() == 1800
    with pytest.raises(Rejected, match="in_voltage7"):
        machine[1].voltage_mv({"pin": "in_voltage7"})


def test_rs485_mode_is_set_with_the_level_of_the_driver_enable(monkeypatch):
    calls = []
    monkeypatch.setattr(fcntl, "ioctl", lambda fd, request, data: calls.append((fd, request, struct.unpack("=8I", data))))
    set_rs485(7, {"de": {"level": 1}})
    set_rs485(7, {"de": {"level": 0}})
    set_rs485(7, {})
    assert [(fd, request) for fd, request, _ in calls] == [(7, 0x542F)] * 3
    assert [fields[:3] for *_, fields in calls] == [(3, 0, 0), (5, 0, 0), (3, 0, 0)]


def test_a_driver_without_rs485_mode_names_the_remedy():
    left, right = pty.openpty()
    try:
        with pytest.raises(OSError, match="auto"):
            set_rs485(right, {})
    finally:
        os.close(left)
        os.close(right)


def test_a_watchdog_is_set_in_whole_seconds_and_its_own_answer_counts(monkeypatch):
    asked = []

    def answer(fd, request, data):
        asked.append((request, struct.unpack("=i", data)[0]))
        return struct.pack("=i", 15)

    monkeypatch.setattr(fcntl, "ioctl", answer)
    assert set_watchdog(3, 20999) == 15000 and asked == [(0xC0045706, 20)]


def platform_on(tmp_path, board):
    (tmp_path / "board.json").write_text(json.dumps(board))
    return LinuxPlatform(str(tmp_path), {})


@pytest.mark.parametrize("level", [0, 1])
def test_the_platform_drives_the_outputs_and_reads_the_inputs_of_its_board_by_their_level(machine, tmp_path, monkeypatch, level):
    fake, _ = machine
    monkeypatch.setattr(linux_board, "gpiod_module", lambda: fake)
    monkeypatch.setattr(linux_board.LinuxPins.__init__, "__defaults__", (None, str(tmp_path / "gpiochip*"), ""))
    board = chosen("linux-arm")
    board["input"][0]["sense"]["level"] = level
    platform = platform_on(tmp_path, board)
    platform.output("gpio:23").set(True)
    assert fake.levels[str(tmp_path / "gpiochip1"), 0] is True
    assert platform.input("gpio:22")() is (level == 0)  # low here
    assert platform.output("gpio:4").name == "gpio:4"  # not of the board: by the kernel's files, as before


def test_a_line_of_the_board_with_direction_kernel_is_opened_in_rs485_mode(tmp_path, monkeypatch):
    left, right = pty.openpty()
    board = chosen("linux-arm")
    device = os.ttyname(right)
    board["serial"] = [{**board["serial"][0], "device": device}]
    platform = platform_on(tmp_path, board)
    modes = []
    monkeypatch.setattr("ampacity.ports.linux.set_rs485", lambda fd, serial: modes.append((os.ttyname(fd), serial["name"])))

    async def opened():
        line = platform.open_line({"port": device})
        up = line.up
        line.close()
        return up

    assert asyncio.run(opened()) and modes == [(device, "rs485")]
    os.close(left)
    os.close(right)
