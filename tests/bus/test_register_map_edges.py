"""Registers of a secondary, and of a primary below another one, word by word; and which rights a request needs."""

import struct

from helper_line import write_one_pdu

from ampacity.bus.leases import register_table as table
from ampacity.bus.leases.lease import Lease
from ampacity.bus.leases.primary_register_map import PrimaryRegisterMap
from ampacity.bus.leases.register_map import RegisterMap
from ampacity.bus.modbus.frames import read_pdu, read_write_pdu, write_pdu
from ampacity.bus.modbus.mbap import mbap_frame
from ampacity.bus.server.modbus_server import ModbusServer
from ampacity.bus.server.rights import needed, rights_of
from ampacity.bus.server.tcp_session import TcpSession


def made(kind=RegisterMap, **more):
    lease = Lease(60, 160, 20, 30000)
    return kind(lease, "SN1", "1.2.3", unit=5) if kind is RegisterMap else PrimaryRegisterMap(lease, "SN1", "1.2.3", "Garage", 5, 7000)


def status(registers, now_ms=0):
    data = registers.read(table.STATUS_AT, table.length(table.STATUS), now_ms)
    values = struct.unpack(table.format_of(table.STATUS), data)
    return {row[0]: values[i] for i, row in enumerate(table.STATUS)}


def grant(registers, limit_da, sequence=1, now_ms=0, flags=0, lease_ds=100):
    data = struct.pack(">HHHIHH", limit_da, lease_ds, sequence, 77, 3, flags)
    assert registers.write(table.GRANT_AT, data, now_ms) == 0
    return data


def test_the_state_of_a_secondary_is_one_of_five():
    one = made()
    assert status(one)["state"] == 2
    for sequence, limit_da, state in ((1, 60, 1), (2, 59, 3), (3, 0, 3), (4, 160, 1)):
        grant(one, limit_da, sequence)
        assert status(one)["state"] == state, limit_da
    one.faulted = True
    assert status(one)["state"] == 4
    one.faulted = False
    assert status(one, 9999)["state"] == 1 and status(one, 10000)["state"] == 2


def test_an_accepted_grant_is_read_back_unchanged():
    one = made()
    assert one.read(table.GRANT_AT, 7, 0) == bytes(14)
    data = grant(one, 100, 9, lease_ds=123)
    assert one.read(table.GRANT_AT, 7, 0) == data
    again = made()
    grant(again, 100, 9, flags=1)
    assert again.read(table.GRANT_AT, 7, 0)[:2] == b"\x00\x00" and again.lease.limit_da(0) == 0 and again.flags == 1


def test_a_status_has_every_fact_in_its_place():
    one = made()
    one.offered_da, one.measured_da, one.volts_dv = [1, 2, 3], [4, None, 6], [None, 8, 9]
    one.energy_wh, one.car_phases, one.pilot, one.plug, one.boot_count, one.faults = 0x123456789, 5, "B", 7, 0x10003, 0x81
    grant(one, 100)
    s = status(one, 1)
    shown = [s[name] for name in ("offered_l1_da", "offered_l2_da", "offered_l3_da", "measured_l1_da", "measured_l2_da", "measured_l3_da",
        "volts_l1_dv",
                                  "volts_l2_dv", "volts_l3_dv")]  # fmt: skip
    assert shown == [1, 2, 3, 4, 0xFFFF, 6, 0xFFFF, 8, 9]
    assert [s[name] for name in ("protocol", "faults", "limit_da", "energy_wh", "car_phases", "pilot", "plug", "boot_count", "identity", "epoch",
        "sequence")] == [
        1, 0x81, 100, 0x23456789, 5, 0x42, 7, 3, 77, 3, 1]  # fmt: skip
    assert s["lease_left_ds"] == 100 and status(one, 9901)["lease_left_ds"] == 1 and status(one, 9900)["lease_left_ds"] == 1
    one.pilot = "C1"
    assert status(one)["pilot"] == 0x0143


def test_settings_are_kept_word_by_word_and_marked():
    one = made()
    assert one.read(table.SETTINGS_AT, 5, 0) == struct.pack(">HHHHH", 60, 160, 20, 300, 0)
    one.unlocked = True
    marks = {status(one)["settings_mark"]}
    for at, value in ((2, 60), (0, 70), (1, 200), (3, 400)):
        assert one.write(table.SETTINGS_AT + at, struct.pack(">H", value), 0) == 0
        marks.add(status(one)["settings_mark"])
    assert len(marks) == 5 and (one.lease.fallback_da, one.lease.max_da, one.lease.power_on_da, one.lease.longest_ms) == (70, 200, 60, 40000)


def test_a_primary_below_shows_the_proven_grant_and_the_current_that_may_still_be_drawn():
    below = made(PrimaryRegisterMap)
    assert status(below)["state"] == 0 and below.read(table.SETTINGS_AT + 4, 1, 0) == b"\x00\x46"
    below.faulted = True
    assert status(below)["state"] == 4
    below.faulted = below.starting = False
    assert status(below)["state"] == 2 and status(below)["limit_da"] == 160, "until it is told all may draw its maximum"
    grant(below, 100, 5)
    s = status(below)
    assert (s["identity"], s["epoch"], s["sequence"], s["state"]) == (0, 0, 0, 1)
    below.prove(lambda da: da >= 101, 0)
    s = status(below)
    assert (s["identity"], s["epoch"], s["sequence"]) == (0, 0, 0)
    below.prove(lambda da: da >= 100, 0)
    s = status(below)
    assert (s["identity"], s["epoch"], s["sequence"]) == (77, 3, 5)
    for standing_da, limit_da in ((0, 100), (100, 100), (101, 101), (160, 160), (200, 160)):
        below.standing_da = standing_da
        assert status(below)["limit_da"] == limit_da, standing_da
    grant(below, 50, 6)
    for standing_da, limit_da in ((60, 50), (61, 61)):
        below.standing_da = standing_da
        assert status(below)["limit_da"] == limit_da, "its fallback it may always draw"


def test_a_primary_below_shows_the_grant_that_it_waited_for_where_new_ones_come_before_that_is_met():
    below, drawn_da, shown = made(PrimaryRegisterMap), 140, []
    for sequence, limit_da in ((1, 160), (2, 150), (3, 140), (4, 130), (5, 120), (6, 110), (7, 120)):
        grant(below, limit_da, sequence)
        below.prove(lambda da, drawn_da=drawn_da: da >= drawn_da, 0)
        shown.append((sequence, below.grant_shown()[2]))
        drawn_da -= 4 if limit_da < 160 else 0
    assert shown == [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (6, 4), (7, 7)], "4 to 6 are not met when they come"


def test_settings_of_a_primary_below_are_sums():
    below = made(PrimaryRegisterMap)
    for values, fits in (((0, 1, 0, 1000), True), ((0, 0, 0, 1000), False), ((63000, 63000, 63000, 3600000), True), ((0, 63001, 0, 1000), False),
                         ((63001, 100, 0, 1000), False), ((0, 100, 63001, 1000), False), ((-1, 100, 0, 1000), False), ((0, 100, -1, 1000), False),
                         ((0, 100, 0, 999), False), ((0, 100, 0, 3600001), False)):  # fmt: skip
        assert below.set_settings(*values) == fits, values
        assert not fits or (below.lease.fallback_da, below.lease.max_da, below.lease.power_on_da, below.lease.longest_ms) == values
    assert below.lease.max_da == 63000


def test_each_request_needs_the_right_for_its_registers():
    grants, settings = table.GRANT_AT, table.SETTINGS_AT
    for pdu, rights in ((read_pdu(3, 1, 1), ("read",)), (read_pdu(4, 1, 1), ("read",)), (b"\x2b\x0e\x01\x00", ("read",)), (b"\x07", ()),
        (b"\x06\x9c", ()),
                        (write_one_pdu(6, grants, 1), ("order",)), (write_one_pdu(6, grants - 1, 1), ("settings",)),
                            (write_pdu(settings - 1, b"ab"), ("order",)),
                        (write_pdu(settings, b"ab"), ("settings",)), (read_write_pdu(1, 1, grants, b"ab"), ("read", "order")),
                            (b"\x06\x9c\xa3", ("order",)),
                        (read_write_pdu(1, 1, settings, b"ab"), ("read", "settings")), (read_write_pdu(1, 1, grants, b"")[:7], ("read", "order")),
                        (read_write_pdu(1, 1, grants, b"")[:6], ())):  # fmt: skip
        assert needed(pdu) == rights, pdu
    assert rights_of("Primary") == ("read", "order") and rights_of("Installer") == ("read", "settings") and rights_of("Operator") == ("read",)
    assert rights_of(None) == () == rights_of("primary") and rights_of("x", (("x", ["read"]),)) == ("read",)


def test_a_connection_counts_what_it_answers_and_what_it_refuses():
    registers = made()
    engine = ModbusServer(5, registers)
    session = TcpSession(engine, ("read",))
    for unit, pdu, answer in ((5, read_pdu(3, table.BASE, 1), b"\x03\x02Su"), (0, read_pdu(3, table.BASE, 1), b"\x03\x02Su"),
        (255, read_pdu(3, table.BASE, 1), b"\x03\x02Su"),
                              (6, read_pdu(3, table.BASE, 1), b"\x83\x0b"), (5, write_one_pdu(6, table.SETTINGS_AT, 1), b"\x86\x01"),
                              (5, write_one_pdu(6, table.SETTINGS_AT, 2), b"\x86\x01")):  # fmt: skip
        session.receive(mbap_frame(9, unit, pdu))
        assert session.next(0) == mbap_frame(9, unit, answer), pdu
    assert session.next(0) is None and not session.broken
    assert (session.refused, engine.counters["requests"], engine.counters["exceptions"], engine.counters["refused"]) == (2, 6, 1, 2)
    other = TcpSession(engine)
    other.receive(mbap_frame(1, 5, write_one_pdu(6, table.SETTINGS_AT, 1)))
    assert other.next(0) == mbap_frame(1, 5, b"\x86\x03") and other.refused == 0
