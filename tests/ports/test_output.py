"""Outputs by name: switched at a change only, and a medium that refuses changes nothing."""

from ampacity.ports.output import Output, pin_number, sysfs_read, sysfs_write
from check import raises


def test_only_a_change_is_written():
    written = []
    output = Output("gpio:4", written.append)
    output.set(False)
    output.set(True)
    output.set(True)
    output.set(False)
    assert written == [True, False]


def test_a_failed_write_is_tried_again():
    tries = []

    def refuse(on):
        tries.append(on)
        raise OSError(5, "gone")

    output = Output("gpio:4", refuse)
    for _ in range(2):
        with raises(OSError):
            output.set(True)
    assert tries == [True, True] and not output.on


def test_names_of_pins():
    assert pin_number("gpio:17") == 17
    assert [pin_number(name) for name in ("relay-1", "gpio:", "gpio:x", "17")] == [None] * 4


def test_a_pin_that_is_not_exported_is_an_os_error():
    with raises(OSError):
        sysfs_write(9999)(True)
    with raises(OSError):
        sysfs_read(9999)()
