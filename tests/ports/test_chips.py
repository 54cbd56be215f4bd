"""Pins of boards on a simulated `machine`: levels, pulls, voltages, duty, windows of the pilot, direction of RS-485."""

import sys

from fake_machine import Machine

from ampacity.ports.chips import PORTS, MachinePins
from ampacity.ports.duty_pin import DutyPin
from ampacity.ports.pilot_sampler import PilotSampler
from ampacity.ports.rs485_pin import DirectedUart, wire_ms
from check import raises

SCALE = {"numerator": 25, "denominator": 3, "offset_mv": -13750}


def pin(number, level=1, pull="none"):
    return {"pin": number, "level": level, "pull": pull}


def test_an_output_starts_off_and_a_low_level_can_mean_on():
    machine = Machine()
    pins = MachinePins(machine, "rp2")
    high, low = pins.output(pin(10)), pins.output(pin(11, level=0))
    assert (machine.levels[10], machine.levels[11]) == (0, 1)
    high(True)
    low(True)
    assert (machine.levels[10], machine.levels[11]) == (1, 0)
    pins.output(pin(12, level=0), True)
    assert machine.levels[12] == 0


def test_an_input_is_active_at_its_level_and_takes_only_the_resistors_of_the_chip():
    machine = Machine()
    pins = MachinePins(machine, "esp32")
    reads = [pins.input(pin(1, 0, "up")), pins.input(pin(2, 1, "external-down"))]
    assert machine.pulls == {1: "up", 2: None}
    machine.levels.update({1: 0, 2: 0})
    assert [read() for read in reads] == [True, False]


def test_pins_of_a_port_with_names_are_those_of_the_chip_and_never_of_a_header():
    machine = Machine()
    MachinePins(machine, "stm32").output(pin("PA0"))
    assert machine.levels == {"PA0": 0}


def test_every_port_reads_the_voltage_at_the_pin_in_mv():
    for port in sorted(PORTS):
        read = MachinePins(Machine(lambda pin: 1234), port).voltage_mv({"pin": "PA3" if port == "stm32" else 1})
        assert 1233 <= read() <= 1234, port


def test_a_uart_gets_its_pins_only_where_it_takes_them():
    serial = {"tx": pin(4), "rx": pin(5)}
    options = MachinePins(Machine(), "rp2").uart_options(serial)
    assert options["txbuf"] == 512 and (options["tx"].number, options["rx"].number) == (4, 5)
    assert MachinePins(Machine(), "stm32").uart_options({"tx": pin("PD5")}) == {}


def test_a_steady_pilot_has_no_pwm_and_a_duty_is_rounded_down():
    machine = Machine()
    duty = DutyPin(MachinePins(machine, "rp2"), pin(2), 1000)
    duty.set(266)
    assert machine.duty == {2: 17432} and machine.frequency == {2: 1000}
    duty.set(533)
    assert machine.duty == {2: 34930}
    duty.set(1000)
    assert machine.duty == {} and machine.levels[2] == 1
    duty.set(0)
    assert machine.duty == {} and machine.levels[2] == 0


def test_a_duty_of_a_pin_whose_low_level_is_on_is_turned_over():
    machine = Machine()
    duty = DutyPin(MachinePins(machine, "rp2"), pin(2, level=0), 1000)
    assert machine.levels[2] == 1
    duty.set(100)
    assert machine.duty[2] == 65535 - 6553
    duty.set(1000)
    assert machine.levels[2] == 0


def test_every_way_to_sample_reads_the_levels_of_the_wave_at_6_a_and_at_80_a():
    for port, number, permilles in (("esp32", 1, (100, 533, 850)), ("rp2", 27, (100, 533, 960)), ("stm32", "PA3", (100, 533, 960))):
        for permille in permilles:
            machine = Machine(read_us=61)

            def volts(_pin, machine=machine, permille=permille):
                cp_mv = 9000 if machine.clock.us % 1000 < permille else -12000
                return (cp_mv + 13750) * 3 // 25

            machine.volts = volts
            sys.modules.update(machine.modules())
            adc = dict(SCALE, pin=number)
            sampler = PilotSampler(MachinePins(machine, port), {"adc": adc, "settle_us": 20}, machine.clock)
            for _ in range(40):
                machine.clock.us += 7013
                sampler.begin()
                high_mv, low_mv = sampler.take()
                assert abs(high_mv - 9000) < 20 and abs(low_mv + 12000) < 20, (port, permille)
            assert sampler.count >= 40
            for name in machine.modules():
                del sys.modules[name]


def test_a_window_that_was_not_begun_or_is_not_full_is_none():
    machine = Machine()
    sys.modules.update(machine.modules())
    sampler = PilotSampler(MachinePins(machine, "rp2"), {"adc": dict(SCALE, pin=26), "settle_us": 20}, machine.clock)
    assert sampler.take() is None and sampler.count == 0
    sampler.begin()
    machine.mem32[0x400A0000] = 0  # the converter stands still
    assert sampler.take() is None
    for name in machine.modules():
        del sys.modules[name]


class Uart:
    """Sends at its rate; `takes`: bytes that fit."""

    def __init__(self, machine, takes=1000):
        self.machine, self.takes, self.done_ms = machine, takes, 0

    def write(self, data):
        self.done_ms = self.machine.clock.now_ms() + -(-len(data) * 11 * 1000 // 9600)
        return min(len(data), self.takes)

    def txdone(self):
        return self.machine.clock.now_ms() >= self.done_ms


FACTS = {"baud": 9600, "parity": "E", "stop": 1}


def test_the_driver_is_on_while_a_frame_leaves_and_off_within_a_millisecond():
    for count in (8, 256):
        machine = Machine()
        driver = []
        uart = Uart(machine)
        directed = DirectedUart(uart, driver.append, FACTS, machine.Timer(-1))
        directed.write(b"x" * count)
        while not uart.txdone():
            assert driver == [False, True]
            machine.pass_ms()
        machine.pass_ms()
        assert driver == [False, True, False]


def test_a_uart_that_blocks_releases_the_driver_at_once():
    driver = []
    DirectedUart(Uart(Machine()), driver.append, FACTS, None).write(b"12345678")
    assert driver == [False, True, False]


def test_a_frame_that_does_not_fit_is_an_error_and_the_driver_is_off():
    machine = Machine()
    driver = []
    with raises(OSError):
        DirectedUart(Uart(machine, takes=3), driver.append, FACTS, machine.Timer(-1)).write(b"12345678")
    assert driver[-1] is False


def test_a_second_frame_keeps_the_driver_on_and_closing_releases_it():
    machine = Machine()
    driver = []
    directed = DirectedUart(Uart(machine), driver.append, FACTS, machine.Timer(-1))
    directed.write(b"12345678")
    machine.pass_ms(5)
    directed.write(b"12345678")
    machine.pass_ms(6)
    assert driver[-1] is True
    directed.close()
    machine.pass_ms(20)
    assert driver[-1] is False


def test_the_time_on_the_wire_is_never_overestimated():
    assert wire_ms(8, FACTS) == 9 and wire_ms(8, {"baud": 9600, "parity": "N", "stop": 2}) == 9 and wire_ms(1, {"baud": 115200}) == 0
