"""The register map of a secondary: what is where, and what a write may do."""

import struct

from ampacity.bus.leases import register_table as table
from ampacity.bus.leases.lease import Lease
from ampacity.bus.leases.register_map import RegisterMap

NOW = 2**30 - 500


def made():
    return RegisterMap(Lease(60, 160, 60, 30000), "SN-4711", "1.2.3", unit=5)


def status(registers, now_ms=NOW):
    data = registers.read(table.STATUS_AT, table.length(table.STATUS), now_ms)
    values = struct.unpack(table.format_of(table.STATUS), data)
    return {row[0]: values[i] for i, row in enumerate(table.STATUS)}


def grant_data(limit_da=100, lease_ds=100, sequence=1, identity=77, epoch=1, flags=0):
    return struct.pack(">HHHIHH", limit_da, lease_ds, sequence, identity, epoch, flags)


def orders(first, limits, sequence=1, count=None):
    count = len(limits) if count is None else count
    return struct.pack(">IHHHHH", 77, 1, sequence, 100, first, count) + b"".join([struct.pack(">H", v) for v in limits])


def test_identification_is_a_sunspec_chain():
    registers = made()
    data = registers.read(table.BASE, table.LAST + 1 - table.BASE, NOW)
    assert data[:4] == b"SunS"
    at, models = 4, []
    while data[at : at + 2] != b"\xff\xff":
        model, size = struct.unpack(">HH", data[at : at + 4])
        models.append((model, size))
        at += 4 + 2 * size
    assert models == [(1, 66), (64640, 25), (64641, 7), (64642, 5)]
    assert at + 4 == len(data)
    assert data[8:16] == b"Ampacity"
    assert b"SN-4711\x00" in data and b"1.2.3\x00" in data


def test_every_block_starts_at_its_address_in_the_table():
    assert (table.STATUS_AT, table.GRANT_AT, table.SETTINGS_AT, table.END_AT) == (40072, 40099, 40108, 40113)


def test_status_is_read_with_one_request_and_shows_the_lease():
    registers = made()
    registers.measured_da = [99, None, 0]
    registers.energy_wh = 0x12345678
    registers.pilot = "C2"
    assert registers.write(table.GRANT_AT, grant_data(), NOW) == 0
    s = status(registers, NOW + 1000)
    assert (s["protocol"], s["state"], s["limit_da"], s["lease_left_ds"]) == (1, 1, 100, 90)
    assert (s["measured_l1_da"], s["measured_l2_da"]) == (99, 0xFFFF)
    assert (s["energy_wh"], s["pilot"]) == (0x12345678, 0x0243)
    assert (s["identity"], s["epoch"], s["sequence"]) == (77, 1, 1)
    assert status(registers, NOW + 10000)["state"] == 2


def test_a_grant_is_accepted_whole_or_not_at_all():
    registers = made()
    for i in range(7):
        assert registers.write(table.GRANT_AT + i, b"\x00\x64", NOW) == 2
    assert registers.write(table.GRANT_AT, grant_data(lease_ds=0), NOW) == 3
    assert registers.write(table.GRANT_AT, grant_data(identity=0), NOW) == 3
    assert registers.write(table.GRANT_AT, grant_data(limit_da=0xFFFF), NOW) == 3
    assert registers.lease.state(NOW) == "fallback" and registers.grants == []


def test_an_older_grant_changes_nothing_and_is_not_an_error():
    registers = made()
    registers.write(table.GRANT_AT, grant_data(sequence=5), NOW)
    assert registers.write(table.GRANT_AT, grant_data(sequence=4, limit_da=160), NOW) == 0
    assert registers.lease.limit_da(NOW) == 100
    assert registers.grants == [(77, 1, 5, 10000, 100, 0)]


def test_the_flags_pause_and_open_make_the_limit_zero():
    registers = made()
    registers.write(table.GRANT_AT, grant_data(flags=2), NOW)
    assert registers.lease.limit_da(NOW) == 0 and registers.flags == 2


def test_a_broadcast_orders_the_units_that_it_names():
    registers = made()
    assert registers.broadcast(table.BROADCAST, orders(4, [10, 120, 30]), 5, NOW)
    assert registers.lease.limit_da(NOW) == 120
    assert not registers.broadcast(table.BROADCAST, orders(6, [10], 2), 5, NOW)
    assert not registers.broadcast(table.BROADCAST, orders(4, [10], 2), 5, NOW)


def test_no_order_in_a_broadcast_renews_nothing():
    registers = made()
    registers.broadcast(table.BROADCAST, orders(5, [120]), 5, NOW)
    assert not registers.broadcast(table.BROADCAST, orders(5, [0xFFFF], 2), 5, NOW + 9000)
    assert status(registers, NOW + 9000)["sequence"] == 1
    assert registers.lease.limit_da(NOW + 10000) == 60


def test_a_broadcast_that_contradicts_itself_is_ignored():
    registers = made()
    for data in (orders(5, [120], 1, 2), orders(5, [120, 130], 1, 1), orders(5, [], 1, 0), orders(5, [])[:8], b""):
        assert not registers.broadcast(table.BROADCAST, data, 5, NOW)
    assert not registers.broadcast(table.BROADCAST + 1, orders(5, [120]), 5, NOW)
    assert registers.lease.state(NOW) == "fallback"


def test_settings_are_written_only_by_the_installer_and_only_when_they_fit():
    registers = made()
    new = struct.pack(">HHHH", 0, 200, 0, 600)
    assert registers.write(table.SETTINGS_AT, new, NOW) == 3
    registers.unlocked = True
    mark = status(registers)["settings_mark"]
    assert registers.write(table.SETTINGS_AT, new, NOW) == 0
    assert registers.read(table.SETTINGS_AT, 4, NOW) == new and registers.settings_changed
    assert registers.lease.max_da == 200 and registers.lease.longest_ms == 60000
    assert status(registers)["settings_mark"] != mark
    for at, value in ((0, 59), (0, 201), (1, 59), (1, 801), (2, 201), (3, 9)):
        assert registers.write(table.SETTINGS_AT + at, struct.pack(">H", value), NOW) == 3
    assert registers.read(table.SETTINGS_AT, 4, NOW) == new


def test_the_mark_changes_with_the_serial_number():
    other = RegisterMap(Lease(60, 160, 60, 30000), "SN-4712", "1.2.3", unit=5)
    assert status(other)["settings_mark"] != status(made())["settings_mark"]


def test_registers_that_do_not_exist_are_not_read():
    registers = made()
    assert registers.read(table.BASE - 1, 1, NOW) is None
    assert registers.read(table.LAST, 2, NOW) is None
    assert registers.read(table.LAST, 1, NOW) == b"\x00\x00"
    assert registers.read(table.BROADCAST, 1, NOW) is None


def test_unclaimed_grants_are_kept_and_only_the_newest_eight():
    registers = made()
    for sequence in range(1, 21):
        assert registers.write(table.GRANT_AT, grant_data(sequence=sequence), NOW) == 0
    assert [grant[2] for grant in registers.grants] == list(range(13, 21))


def test_a_write_that_is_not_exactly_a_grant_or_within_the_settings_changes_nothing():
    registers = made()
    registers.unlocked = True
    before = registers.read(table.BASE, table.LAST + 1 - table.BASE, NOW)
    for at, data in (
        (table.GRANT_AT, grant_data()[:-2]),
        (table.GRANT_AT, grant_data() + b"\x00\x00"),
        (table.SETTINGS_AT - 1, b"\x00\x64"),
        (table.SETTINGS_AT, b"\x00\x64" * 5),
        (table.SETTINGS_AT + 3, b"\x00\x64" * 2),
        (table.SETTINGS_AT + 4, b"\x00\x64"),
        (table.STATUS_AT, b"\x00\x64"),
        (table.LAST, b"\x00\x64"),
    ):
        assert registers.write(at, data, NOW) == 2
    assert registers.read(table.BASE, table.LAST + 1 - table.BASE, NOW) == before and not registers.settings_changed


def test_a_broadcast_names_a_hundred_units_and_no_more():
    for count in (99, 100, 101):
        assert made().broadcast(table.BROADCAST, orders(5, [100] * count), 5, NOW) == (count <= 100)


def test_settings_fit_up_to_their_very_bounds():
    registers = made()
    for values in ((0, 60, 0, 1000), (60, 800, 800, 3600000), (800, 800, 60, 60000)):
        assert registers.set_settings(*values)
    for values in ((0, 59, 0, 1000), (0, 801, 0, 1000), (0, 160, 0, 999), (0, 160, 0, 3600001)):
        assert not registers.set_settings(*values)
    for values in ((59, 160, 0, 1000), (161, 160, 0, 1000), (0, 160, 59, 1000), (0, 160, 161, 1000)):
        assert not registers.set_settings(*values)
    assert registers.lease.max_da == 800 and registers.lease.longest_ms == 60000
