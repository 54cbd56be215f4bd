"""Answers of one unit to several requests that were given up: all of them are expected."""

from helper_driver import Asker
from test_rtu_client_edges import bench, counted

from ampacity.bus.client.request import LOWER, ROUTINE, Request
from ampacity.bus.modbus.frames import read_pdu, rtu_frame, write_pdu

WRITE, READ = write_pdu(1000, b"\0\x10"), read_pdu(3, 1000, 6)
ANSWERS = {WRITE: rtu_frame(5, WRITE[:5]), READ: rtu_frame(5, bytes([3, 12]) + bytes(12))}


class Asking(Asker):
    """Asks these, one after the other."""

    def __init__(self, unit, *pdus):
        Asker.__init__(self, unit)
        self.left = list(pdus)

    def urgency(self, now_ms):
        return (LOWER, 0) if self.left else (ROUTINE, now_ms + 1000)

    def take(self, now_ms):
        return Request(self.unit, self.left.pop(0), ROUTINE, 1000) if self.left else None


def test_late_answers_to_a_read_and_a_write_are_no_foreign_frames():
    for pdus in ((WRITE, READ), (READ, WRITE)):
        first, second = Asking(5, *pdus), Asking(6)
        b = bench(first, second, transit_ms=60000)
        for _ in pdus:
            b.step()
            b.engine.next(b.wake_us)
            b.now_us = b.wake_us + 1000
        assert first.failures == ["timeout"] * 2
        second.left = [READ]
        b.step()
        for pdu in pdus:
            b.hear(ANSWERS[pdu])
        b.hear(rtu_frame(6, bytes([3, 12]) + bytes(12)))
        b.engine.next(b.now_us + 100000)
        assert b.foreign == [] and counted(b)["late"] == 2 and len(second.failures) == 0, pdus
