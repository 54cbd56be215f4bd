"""Our registers over TCP: what a connection is answered, and what a role may not do."""

import struct

from helper_line import START_US, Station, write_one_pdu

from ampacity.base.rng import Rng
from ampacity.bus.leases import register_table as table
from ampacity.bus.modbus.frames import read_pdu, read_write_pdu, write_pdu
from ampacity.bus.modbus.mbap import mbap_frame
from ampacity.bus.server.rights import ORDER, READ, RIGHTS, ROLES, SETTINGS, needed, rights_of
from ampacity.bus.server.tcp_session import TcpSession

NOW_MS = START_US // 1000
GRANT = struct.pack(">HHHIHH", 100, 100, 1, 77, 1, 0)
READ_STATUS = read_pdu(3, table.STATUS_AT, 25)
WRITE_GRANT = write_pdu(table.GRANT_AT, GRANT)
WRITE_SETTINGS = write_one_pdu(6, table.SETTINGS_AT, 60)


def answers(session, data, now_ms=NOW_MS):
    """The frames that come back."""
    session.receive(data)
    out = []
    while True:
        frame = session.next(now_ms)
        if frame is None:
            return out
        out.append(frame)


def ask(session, pdu, unit=5, transaction=7):
    """The PDU of the answer."""
    (frame,) = answers(session, mbap_frame(transaction, unit, pdu))
    assert frame[:4] == bytes((0, transaction, 0, 0)) and frame[4] << 8 | frame[5] == len(frame) - 6 and frame[6] == unit
    return frame[7:]


def test_reads_and_grants_go_through_and_the_lease_follows():
    station = Station(5)
    session = TcpSession(station.engine)
    assert ask(session, read_pdu(3, 40000, 2)) == b"\x03\x04SunS"
    assert ask(session, WRITE_GRANT) == WRITE_GRANT[:5]
    assert station.map.lease.limit_da(NOW_MS) == 100
    status = ask(session, READ_STATUS)
    assert len(status) == 2 + 50 and status[2 + 6 : 2 + 8] == b"\x00\x64"


def test_the_device_answers_to_its_own_unit_to_0_and_to_255_and_to_no_other():
    session = TcpSession(Station(5).engine)
    for unit in (5, 0, 255):
        assert ask(session, read_pdu(3, 40000, 2), unit) == b"\x03\x04SunS"
    assert ask(session, read_pdu(3, 40000, 2), 6) == b"\x83\x0b"


def test_requests_may_come_in_pieces_or_several_at_once():
    session = TcpSession(Station(5).engine)
    frame = mbap_frame(1, 5, READ_STATUS)
    for i in range(len(frame) - 1):
        assert answers(session, frame[i : i + 1]) == []
    assert len(answers(session, frame[-1:])) == 1
    assert len(answers(session, frame * 20)) == 20


def test_data_other_than_modbus_tcp_ends_the_connection():
    for junk in (b"\x00\x01\x00\x01\x00\x06\x05\x03", b"GET / HTTP/1.1\r\n\r\n", b"\x00\x01\x00\x00\x00\x01", b"\x00\x01\x00\x00\x01\x00"):
        session = TcpSession(Station(5).engine)
        assert answers(session, junk) == [] and session.broken
        assert answers(session, mbap_frame(1, 5, READ_STATUS)) == []


def test_each_request_needs_its_right():
    both = read_write_pdu(table.STATUS_AT, 25, table.GRANT_AT, GRANT)
    assert needed(READ_STATUS) == needed(read_pdu(4, 0, 1)) == needed(b"\x2b\x0e\x01\x00") == (READ,)
    assert needed(WRITE_GRANT) == (ORDER,) and needed(WRITE_SETTINGS) == (SETTINGS,)
    assert needed(both) == (READ, ORDER)
    assert needed(write_one_pdu(6, 0, 1)) == needed(write_one_pdu(6, 65535, 1)) == (SETTINGS,)
    assert needed(write_pdu(table.UPDATE_ORDER_AT, bytes(8))) == (ORDER,) and needed(write_pdu(table.UPDATE_AT, bytes(8))) == (SETTINGS,)
    assert needed(b"\x08\x00\x00\x00\x00") == needed(b"\x06") == ()


def test_each_role_has_only_the_rights_that_it_needs():
    assert rights_of("Operator") == (READ,)
    assert rights_of("Primary") == (READ, ORDER)
    assert rights_of("Installer") == (READ, SETTINGS)
    assert rights_of(None) == rights_of("operator") == rights_of("") == ()
    assert rights_of("Mine", [("Mine", RIGHTS)]) == RIGHTS and rights_of("Operator", [("Mine", RIGHTS)]) == ()
    assert len({name for name, _ in ROLES}) == len(ROLES)


def test_a_request_without_its_right_is_exception_1_changes_nothing_and_is_counted():
    station = Station(5)
    station.map.unlocked = True
    session = TcpSession(station.engine, rights_of("Operator"))
    for pdu in (WRITE_GRANT, WRITE_SETTINGS, read_write_pdu(table.STATUS_AT, 25, table.GRANT_AT, GRANT)):
        assert ask(session, pdu) == bytes((pdu[0] | 0x80, 1))
    assert station.engine.counters["refused"] == 3 and station.map.grants == []
    assert station.map.lease.state(NOW_MS) == "fallback" and not station.map.settings_changed
    assert len(ask(session, READ_STATUS)) == 52
    primary = TcpSession(station.engine, rights_of("Primary"))
    assert ask(primary, WRITE_SETTINGS) == b"\x86\x01" and ask(primary, WRITE_GRANT) == WRITE_GRANT[:5]
    nobody = TcpSession(station.engine, ())
    assert ask(nobody, READ_STATUS) == b"\x83\x01" and station.engine.counters["refused"] == 5


def test_no_foreign_request_raises_or_gets_an_overlong_answer():
    rng = Rng(3)
    station = Station(5)
    for _ in range(400):
        session = TcpSession(station.engine, (rng.below(2) and RIGHTS) or None)
        data = bytearray()
        for _ in range(1 + rng.below(4)):
            pdu = bytes([rng.below(256) for _ in range(1 + rng.below(12))])
            if rng.chance(500):
                pdu = bytes((rng.below(44),)) + pdu
            data += mbap_frame(rng.below(65536), (5, 0, 255, rng.below(256))[rng.below(4)], pdu)
        if rng.chance(300):
            data[rng.below(len(data))] ^= 1 << rng.below(8)
        for frame in answers(session, bytes(data)):
            assert 9 <= len(frame) <= 260


def grant(sequence, identity=77, limit_da=320):
    return write_pdu(table.GRANT_AT, struct.pack(">HHHIHH", limit_da, 100, sequence, identity, 1, 0))


def numbers_shown(session, now_ms=NOW_MS):
    """(identity, epoch, sequence) as the status shows them, and the grant block's."""
    status = ask_at(session, READ_STATUS, now_ms)[2:]
    block = ask_at(session, read_pdu(3, table.GRANT_AT, 7), now_ms)[2:]
    _, _, sequence, identity, epoch, _ = struct.unpack(">HHHIHH", block)
    return struct.unpack(">IHH", status[40:48]), (identity, epoch, sequence)


def ask_at(session, pdu, now_ms):
    (frame,) = answers(session, mbap_frame(7, 5, pdu), now_ms)
    return frame[7:]


def leased():
    """A station whose primary at 10.0.0.1 has just granted 10 A for 10 s; its session, and a stranger's."""
    station = Station(5)
    primary, stranger = TcpSession(station.engine, None, "10.0.0.1"), TcpSession(station.engine, None, "10.0.0.66")
    ask(primary, WRITE_GRANT)
    return station, primary, stranger


def test_the_numbers_of_a_running_lease_are_shown_only_to_its_own_connection():
    station, primary, stranger = leased()
    assert numbers_shown(primary) == ((77, 1, 1), (77, 1, 1))
    assert numbers_shown(stranger) == ((0, 0, 0), (0, 0, 0))
    for first in range(table.GRANT_AT, table.GRANT_AT + 7):  # nor in pieces
        assert ask(stranger, read_pdu(3, first, 1))[2:] in (b"\0\0", b"\0\x64")
    assert ask(stranger, READ_STATUS)[2 + 6 : 2 + 8] == b"\0\x64"  # the limit is no secret
    both = ask(stranger, read_write_pdu(table.STATUS_AT, 25, table.GRANT_AT, struct.pack(">HHHIHH", 320, 100, 9, 5, 1, 0)))
    assert both[2 + 40 : 2 + 48] == bytes(8)
    later_ms = NOW_MS + 10001
    assert numbers_shown(stranger, later_ms)[0] == (77, 1, 1)  # lapsed: a primary that lost its store must see where it was


def test_a_grant_from_elsewhere_is_refused_and_counted_while_the_lease_runs_even_with_the_right_numbers():
    station, primary, stranger = leased()
    ask(stranger, grant(2))
    assert station.map.lease.limit_da(NOW_MS) == 100 and station.map.second_sources == 1
    ask(stranger, grant(2, identity=78))
    assert station.map.lease.limit_da(NOW_MS) == 100 and station.map.second_sources == 2
    ask(primary, grant(2, limit_da=110))
    assert station.map.lease.limit_da(NOW_MS) == 110 and numbers_shown(primary)[0] == (77, 1, 2)


def test_the_primary_may_use_another_connection():
    station, primary, _ = leased()
    again = TcpSession(station.engine, None, "10.0.0.1")
    ask(again, grant(2, limit_da=120))
    assert station.map.lease.limit_da(NOW_MS) == 120 and station.map.second_sources == 0
    again.open = False
    elsewhere = TcpSession(station.engine, None, "10.0.0.2")  # another address of it, after the connection was closed
    ask(elsewhere, grant(3, limit_da=130))
    assert station.map.lease.limit_da(NOW_MS) == 130


def test_after_the_lease_the_first_primary_is_obeyed():
    station, _, stranger = leased()
    later_ms = NOW_MS + 10001
    answers(stranger, mbap_frame(7, 5, grant(1, identity=78)), later_ms)
    assert station.map.lease.limit_da(later_ms) > 100 and station.map.second_sources == 0


def test_a_certificate_decides_by_its_role_alone():
    station = Station(5)
    ask(TcpSession(station.engine, (READ, ORDER), "10.0.0.1"), WRITE_GRANT)
    assert numbers_shown(TcpSession(station.engine, (READ,), "10.0.0.7"))[0] == (77, 1, 1)
    ask(TcpSession(station.engine, (READ, ORDER), "10.0.0.2"), grant(2, limit_da=120))
    assert station.map.lease.limit_da(NOW_MS) == 120
