"""The bench's wire: what comes in changes the port, what the port is told goes out."""

import asyncio

from ampacity.base import strict_json
from ampacity.ports.detect import detect_platform
from ampacity.ports.sim import SimLink

PORT = 21813


def link():
    return SimLink("primary", [], {})


def parsed(lines):
    return [strict_json.loads(line) for line in lines]


def test_inputs_reach_the_charging_point():
    sim = link()
    port = sim.evse_hardware("evse-1")
    sim.receive(
        b'{"evse":"evse-1","cp":[9000,-12000],"pp":220,"amps":[159,160,158],"volts":[2300,2310,2290],"wh":812,'
        b'"closed":true,"faults":["residual_current","pe_lost"]}\n',
        1000,
    )
    assert (port.cp_high_mv, port.cp_low_mv, port.pp_ohm) == (9000, -12000, 220)
    assert port.amps_da == [159, 160, 158] and port.volts_dv == [2300, 2310, 2290] and port.energy_wh == 812
    assert port.contactor_closed and port.rcm and port.pe_lost and not port.overtemp and port.updated_ms == 1000
    sim.receive(b'{"evse":"evse-1","cp":[12000,12000],"pp":null,"closed":false,"faults":[]}\n', 1100)
    assert not port.rcm and not port.contactor_closed and port.pp_ohm is None


def test_outputs_go_out_at_a_change_and_at_least_every_200_ms():
    sim = link()
    port = sim.evse_hardware("evse-1")
    assert parsed(sim.due(0)) == [{"evse": "evse-1", "pilot": ["x1", 0], "contactor": False, "lock": False}]
    assert sim.due(100) == []
    port.set_pilot("pwm", 533)
    port.set_contactor(True)
    assert parsed(sim.due(110)) == [{"evse": "evse-1", "pilot": ["pwm", 533], "contactor": True, "lock": False}]
    assert sim.due(309) == [] and len(sim.due(310)) == 1


def test_a_change_wakes_the_writer_and_the_same_again_does_not():
    sim = link()
    woken = []
    sim.on_change = lambda: woken.append(1)
    port = sim.evse_hardware("evse-1")
    port.set_pilot("pwm", 100)
    port.set_pilot("pwm", 100)
    port.set_lock(True)
    assert len(woken) == 2


def test_each_feed_of_the_watchdog_is_sent_but_at_most_one_in_50_ms():
    sim = link()
    assert sim.due(0) == []
    sim.watchdog.feed()
    sim.watchdog.feed()
    assert sim.due(10) == ['{"wd":1}'] and sim.due(70) == []
    sim.watchdog.feed()
    assert sim.due(59) == [] and sim.due(60) == ['{"wd":1}']


def test_tokens_and_buttons_go_to_their_charging_point_and_else_to_the_site():
    events = []
    sim = SimLink("primary", events, {})
    port = sim.evse_hardware("evse-1")
    sim.receive('{"token":["ABC","ISO14443"],"evse":"evse-1"}', 0)
    sim.receive('{"token":["DEF","Central"],"evse":"evse-2"}', 0)
    sim.receive('{"token":["GHI","ISO14443"],"evse":null}', 0)
    sim.receive('{"button":"stop","evse":"evse-1"}', 0)
    sim.receive('{"bay":true,"evse":"evse-1","token":"ABC"}', 0)
    assert port.events == [("token", "ABC", "ISO14443"), ("button", "stop")]
    assert events == [
        ("token", "evse-2", "DEF", "Central"),
        ("token", None, "GHI", "ISO14443"),
        ("bay", "evse-1", True, "ABC"),
    ]


def test_unknown_messages_are_counted_and_change_nothing():
    sim = link()
    port = sim.evse_hardware("evse-1")
    for line in (b"nonsense", b"[1]", b'{"cp":[1,2]}', b'{"evse":"evse-1","cp":[1]}', b'{"later":1}', b'{"token":"X"}'):
        sim.receive(line, 0)
    assert sim.refused == 6 and port.cp_high_mv == 12000 and port.updated_ms is None


class Rig:
    """The other end, over a real connection."""

    def __init__(self):
        self.lines = []
        self.writer = None

    async def handle(self, reader, writer):
        self.writer = writer
        while True:
            line = await reader.readline()
            if not line:
                return
            self.lines.append(strict_json.loads(line))

    async def until(self, clock, wanted):
        for _ in range(200):
            if [line for line in self.lines if wanted(line)]:
                return True
            await clock.sleep_ms(5)
        return False


async def test_over_a_real_connection_outputs_inputs_feeds_and_a_hang_get_through():
    rig = Rig()
    here = detect_platform()[0]
    outside = here(".", {})
    server = await outside.listen("127.0.0.1", PORT, rig.handle)
    platform = here(".", {"sim": "127.0.0.1:%d" % PORT, "name": "primary"})
    await platform.start()
    port = platform.evse_hardware("evse-1")
    port.set_pilot("pwm", 266)
    platform.watchdog.feed()
    assert await rig.until(outside.clock, lambda line: line.get("pilot") == ["pwm", 266])
    assert await rig.until(outside.clock, lambda line: "wd" in line)
    assert rig.lines[0]["hello"] == "primary"
    rig.writer.write(b'{"fault":"hang","on":true}\n{"evse":"evse-1","cp":[6000,-12000]}\n')
    await rig.writer.drain()
    while port.cp_high_mv != 6000:
        await outside.clock.sleep_ms(2)
    pace = asyncio.create_task(platform.pace(1))
    await outside.clock.sleep_ms(60)
    assert "hang" in platform.faults and not pace.done()
    rig.writer.write(b'{"fault":"hang","on":false}\n')
    await pace
    assert platform.events[-1][:3] == ("fault", "hang", False)
    for task in platform.sim.tasks:
        task.cancel()
    server.close()


def test_a_change_of_the_pilot_is_reported_at_once_and_not_while_the_main_loop_hangs():
    faults = {}
    sim = SimLink("primary", [], faults)
    port = sim.evse_hardware("evse-1")
    told = []
    port.on_input = told.append
    for now_ms, line in (
        (100, '{"evse":"evse-1","cp":[9000,-12000]}'),
        (200, '{"evse":"evse-1","cp":[9000,-12000],"amps":[1,1,1]}'),
        (300, '{"evse":"evse-1","cp":[9000,-12000],"faults":["rcm"]}'),
        (400, '{"fault":"hang","on":true}'),
        (500, '{"evse":"evse-1","cp":[12000,12000]}'),
    ):
        sim.receive(line, now_ms)
    assert told == [100, 300]


def test_a_relay_is_sent_at_a_change_and_its_feedback_is_received():
    sim = link()
    relay = sim.output("relay-1")
    assert parsed(sim.due(0)) == [{"output": "relay-1", "on": False}] and sim.due(50) == []
    relay.set(True)
    assert parsed(sim.due(100)) == [{"output": "relay-1", "on": True}]
    assert relay.seen is None
    sim.receive('{"output":"relay-1","seen":true}', 150)
    assert relay.seen is True and sim.output("relay-1") is relay


def test_a_safety_load_is_an_event_of_the_site():
    events = []
    sim = SimLink("primary", events, {})
    sim.receive('{"safety_load":"pump","on":true}', 0)
    assert events == [("safety_load", "pump", True)]


def test_a_temperature_reaches_the_charging_point():
    sim = link()
    port = sim.evse_hardware("evse-1")
    assert port.temperature_c is None
    sim.receive('{"evse":"evse-1","cp":[12000,12000],"temp":71}', 0)
    assert port.temperature_c == 71


def test_a_module_that_talks_iso_15118_asks_and_gets_its_answer():
    sim = link()
    port = sim.evse_hardware("evse-1")
    sim.due(0)
    sim.receive(b'{"ev_message":{"kind":"credentials"},"evse":"evse-1"}\n', 10)
    assert port.events == [("ev_message", {"kind": "credentials"})] and sim.refused == 0
    for _ in range(20):
        port.ev_answer({"kind": "credentials", "status": "None"})
    lines = parsed(sim.due(20))
    assert lines == [{"ev_answer": {"kind": "credentials", "status": "None"}, "evse": "evse-1"}] * 16  # bounded
    assert sim.due(30) == []


def test_a_signed_reading_reaches_the_charging_point():
    sim = link()
    port = sim.evse_hardware("evse-1")
    signed = {"data": "OCMF|{}|{}", "encoding": "OCMF", "method": "", "key": "30"}
    assert port.signed is None
    sim.receive('{"evse":"evse-1","cp":[12000,12000],"signed":{"data":"OCMF|{}|{}","encoding":"OCMF","method":"","key":"30"}}', 0)
    assert port.signed == signed
