"""The board file on a controller: found, refused, searched."""

import os

from ampacity.base.errors import Rejected
from ampacity.ports import board_facts
from ampacity.ports.board_facts import pin_of, read_board, serial_of
from check import raises

BOARD = {
    "serial": [{"uart": 1, "name": "rs485"}, {"device": "/dev/ttyAMA2", "name": "pilot"}],
    "output": [{"out": {"pin": "GPIO23", "level": 0}}, {"out": {"pin": 7, "level": 1}}],
    "input": [{"sense": {"pin": 17, "level": 0}}],
}
FOLDER = "/tmp/ampacity-test-board-%d" % int.from_bytes(os.urandom(6), "big")


def with_file(text):
    os.mkdir(FOLDER)
    try:
        with open(FOLDER + "/board.json", "w") as f:
            f.write(text)
        return read_board(FOLDER)
    finally:
        os.remove(FOLDER + "/board.json")
        os.rmdir(FOLDER)


def test_a_folder_without_a_board_file_has_no_board():
    assert read_board(FOLDER) is None


def test_a_board_file_is_read():
    assert with_file('{"format": 1, "pilot": {"kind": "none"}}')["pilot"] == {"kind": "none"}


def test_no_more_memory_is_taken_for_a_board_file_than_it_has():
    """A small heap has no block for the largest file that is permitted."""
    asked = []

    class Counted:
        def __init__(self, path, mode):
            self.file = open(path, mode)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def read(self, count):
            asked.append(count)
            return self.file.read(count)

    text = '{"format": 1, "pilot": {"kind": "none"}}'
    board_facts.open = Counted
    try:
        with_file(text)
    finally:
        del board_facts.open
    assert asked == [len(text)]


def test_another_format_and_no_json_are_refused_with_the_command_that_writes_it():
    for text in ('{"format": 2, "pilot": {}}', "{", "[]", '{"format": 1}'):
        with raises(Rejected) as caught:
            with_file(text)
        assert "ampacity board show NAME --json" in str(caught.error)


def test_a_serial_port_is_found_by_number_and_by_device():
    assert serial_of(BOARD, "uart:1")["name"] == "rs485" and serial_of(BOARD, "/dev/ttyAMA2")["name"] == "pilot"
    assert serial_of(BOARD, "uart:2") is None and serial_of(None, "uart:1") is None


def test_outputs_of_the_site_file_are_pins_of_the_board():
    assert pin_of(BOARD, "output", "out", "gpio:23")["level"] == 0 and pin_of(BOARD, "output", "out", "relay-2")["pin"] == 7
    assert pin_of(BOARD, "output", "out", "gpio:7")["pin"] == 7 and pin_of(BOARD, "input", "sense", "gpio:17")["level"] == 0
    assert [pin_of(BOARD, "output", "out", name) for name in ("gpio:17", "relay-3", "")] == [None] * 3
    assert pin_of(None, "output", "out", "gpio:23") is None
