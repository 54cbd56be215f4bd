"""`machine` of the emulated board: UARTs and timers are those of the emulated core; pins and converters are simulated here, on an idle outlet.

A pin of the shield of the stm32h7 has the voltage that it would have without a car; what is switched is only remembered.
"""

import umachine

UART, Timer, mem32 = umachine.UART, umachine.Timer, umachine.mem32
RESET_REGISTER, RESET_KEY = 0xE000ED0C, 0x05FA0004
PWRON_RESET = 0
COUNTER = 0x40028018  # microseconds
SUPPLY_MV, PERIOD_US, FULL_DUTY = 3300, 1000, 65535
PILOT, PILOT_INPUT = "E9", "A3"
PLUS_MV, MINUS_MV = 3090, 210  # +12 V and -12 V of the pilot behind its divider
VOLTS_MV = {"C3": 2400, "C2": 900, "C0": 3300, "B1": 750}  # rails of the pilot, no plug, 25 degrees
levels = {}
duties = {}  # of the pins that have a PWM


def volts_mv(name, now_us):
    """At an analog pin, at a time within a period of the pilot."""
    if name != PILOT_INPUT:
        return VOLTS_MV.get(name, 0)
    high = now_us % PERIOD_US < duties[PILOT] * PERIOD_US // FULL_DUTY if PILOT in duties else levels.get(PILOT)
    return PLUS_MV if high else MINUS_MV


class Cpu:
    """`Pin.cpu.E9`: the pin PE9."""

    def __getattr__(self, name):
        return name


class Pin:
    IN, OUT, PULL_UP, PULL_DOWN = 0, 1, 2, 3
    cpu = Cpu()

    def __init__(self, name, mode=None, pull=None, value=None):
        self.name = name
        if mode is not None:
            duties.pop(name, None)
        if value is not None:
            levels[name] = int(value)

    def value(self, level=None):
        if level is None:
            return levels.get(self.name, 0)
        levels[self.name] = int(level)


class ADC:
    def __init__(self, pin):
        self._pin = pin

    def read_u16(self):
        return volts_mv(self._pin.name, umachine.mem32[COUNTER]) * 65535 // SUPPLY_MV


class PWM:
    def __init__(self, pin, freq, duty_u16):
        self._name = pin.name
        self.duty_u16(duty_u16)

    def duty_u16(self, duty):
        duties[self._name] = duty

    def deinit(self):
        duties.pop(self._name, None)


class WDT:
    def __init__(self, timeout):
        pass

    def feed(self):
        pass


def reset_cause():
    return PWRON_RESET


def reset():
    """The core starts again; the flash keeps its content."""
    mem32[RESET_REGISTER] = RESET_KEY
