"""The simulated devices themselves: what they refuse, forget and ignore, asked by pymodbus' own client where it can."""

import ast
import asyncio
from pathlib import Path

import pytest
from bench import Mains, Plant
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.framer.rtu import FramerRTU

import ampacity_host.rig.devices as devices
from ampacity.base.within import within
from ampacity_host.rig.devices import make_device, serve_tcp


def framed(unit, pdu):
    data = bytes([unit]) + pdu
    return data + FramerRTU.compute_CRC(data).to_bytes(2, "big")


def ask(device, pdu, now_us=1_000_000):
    answers = device.receive(framed(device.unit, pdu), now_us)
    return answers[0][0][1:-2] if answers else None


def test_they_use_no_code_of_the_firmware_and_no_compiled_profile():
    for path in Path(devices.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names] if isinstance(node, ast.Import) else []
            assert not [n for n in names if n.split(".")[0] == "ampacity" or n.startswith("ampacity_host.profiles")], path


def test_a_station_answers_only_its_own_unit_after_its_latency():
    device = make_device("heidelberg-energy-control", 3, Plant())
    assert device.receive(framed(4, b"\x04\x00\x05\x00\x01"), 0) == []
    (frame, at_us), = device.receive(framed(3, b"\x04\x00\x05\x00\x01"), 50_000)
    assert frame[0] == 3 and 50_000 < at_us < 250_000


def test_a_frame_in_pieces_is_accepted_and_an_interrupted_one_is_not():
    device = make_device("heidelberg-energy-control", 3, Plant())
    whole = framed(3, b"\x04\x00\x05\x00\x01")
    assert device.receive(whole[:3], 0) == [] and len(device.receive(whole[3:], 2000)) == 1
    assert device.receive(whole[:3], 100_000) == [] and device.receive(whole[3:], 200_000) == []


def test_a_long_write_that_ends_like_a_read_is_accepted():
    device = make_device("mennekes-amtron-compact", 2, Plant(), site={"max_a": 16})
    assert ask(device, b"\x10\x03\x02\x00\x02\x04\x41\x3e\x66\x66") == b"\x10\x03\x02\x00\x02"  # 02 04 at its eighth last byte


def test_a_frame_with_a_wrong_checksum_is_ignored():
    device = make_device("heidelberg-energy-control", 3, Plant())
    whole = bytearray(framed(3, b"\x04\x00\x05\x00\x01"))
    whole[4] ^= 1
    assert device.receive(bytes(whole), 0) == []


def test_missing_registers_are_refused():
    device = make_device("heidelberg-energy-control", 3, Plant())
    assert ask(device, b"\x03\x02\x00\x00\x01") == b"\x83\x02"
    assert ask(device, b"\x04\x00\x13\x00\x02") == b"\x84\x02"
    assert ask(device, b"\x06\x01\x05\x00\xc8") == b"\x86\x03"


@pytest.mark.parametrize(("limit", "obeyed"), [(59, 0), (60, 60), (160, 160)])
def test_the_wallbox_treats_less_than_its_minimum_as_zero(limit, obeyed):
    device = make_device("heidelberg-energy-control", 3, Plant())
    ask(device, b"\x06\x01\x05\x00" + bytes([limit]))
    assert device.limit_da == obeyed


def test_the_wallbox_sleeps_without_a_car_unless_standby_is_off():
    plant = Plant("A")
    device = make_device("heidelberg-energy-control", 3, plant)
    device.tick(13 * 60_000)
    assert ask(device, b"\x04\x00\x05\x00\x01", 13 * 60_000_000) is None
    plant.car_state = "B"
    assert ask(device, b"\x04\x00\x05\x00\x01", 13 * 60_000_000) is not None
    ask(device, b"\x06\x01\x02\x00\x04", 13 * 60_000_000)
    plant.car_state = "A"
    device.tick(30 * 60_000)
    assert ask(device, b"\x04\x00\x05\x00\x01", 30 * 60_000_000) is not None


def test_a_kept_setpoint_survives_a_restart_only_with_that_fault():
    device = make_device("heidelberg-energy-control", 3, Plant())
    ask(device, b"\x06\x01\x05\x00\xa0")
    device.fault("restart")
    assert device.limit_da == 0
    ask(device, b"\x06\x01\x05\x00\xa0", 9_000_000)
    device.fault("keep_setpoint")
    device.fault("restart")
    assert device.limit_da == 160


@pytest.mark.parametrize(("kind", "limit_da"), [("round_up", 130), ("disobeys", 160), ("power_off", 0)])
def test_faults_of_power_and_obedience(kind, limit_da):
    device = make_device("heidelberg-energy-control", 3, Plant())
    ask(device, b"\x06\x01\x05\x00\x7b")
    assert device.limit_da == 123 and device.fault(kind)
    assert device.limit_da == limit_da
    assert not device.fault("no_such_fault")


def test_a_broken_watchdog_never_fires_and_a_stale_reading_does_not_change():
    plant = Plant()
    device = make_device("heidelberg-energy-control", 3, plant)
    ask(device, b"\x06\x01\x05\x00\x64")
    device.fault("watchdog_broken")
    device.tick(60_000)
    assert device.limit_da == 100
    ask(device, b"\x04\x00\x06\x00\x03", 60_000_000)
    device.fault("stale_reading")
    ask(device, b"\x06\x01\x05\x00\x96", 60_000_000)
    assert ask(device, b"\x04\x00\x06\x00\x01", 60_000_000) == b"\x04\x02\x00\x64"


def test_the_meter_refuses_more_than_forty_values_and_half_ones():
    device = make_device("eastron-sdm630", 100, Mains())
    assert ask(device, b"\x04\x00\x00\x00\x50")[0] == 4
    assert ask(device, b"\x04\x00\x00\x00\x52") == b"\x84\x02"
    assert ask(device, b"\x04\x00\x01\x00\x02") == b"\x84\x02"


def test_an_independent_client_reads_and_writes_over_a_real_socket():
    async def scenario():
        station = make_device("keba-p30", 255, Plant(), site={"max_a": 16})
        meter = make_device("eastron-sdm630", 7, Mains(), framing="tcp")
        server = await serve_tcp([station, meter])
        port = server.sockets[0].getsockname()[1]
        client = AsyncModbusTcpClient("127.0.0.1", port=port)
        await client.connect()
        write = await client.write_register(5004, 8000, device_id=255)
        limit = await client.read_holding_registers(1100, count=2, device_id=255)
        volts = await client.read_input_registers(0, count=2, device_id=7)
        client.close()
        server.close()
        return write.isError(), limit.registers, client.convert_from_registers(volts.registers, client.DATATYPE.FLOAT32)

    failed, limit, volts = asyncio.run(within(scenario(), 10))
    assert not failed and limit == [0, 8000] and 229 < volts < 231
