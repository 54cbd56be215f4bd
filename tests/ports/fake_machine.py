"""A simulated module `machine` with what pilot, pins, UART and timer of the boards use; time is that of a settable clock.

`Machine(volts)`: volts(pin) is the voltage at an analog pin in mV; `levels` holds the last level of each pin, `duty` the duty of each running PWM.
`modules()` gives what `import pyb` and `import rp2` find.
"""


class Clock:
    def __init__(self):
        self.us = 0

    def now_us(self):
        return self.us

    def now_ms(self):
        return self.us // 1000


class Cpu:
    """`Pin.cpu.E9`: the pin PE9."""

    def __getattr__(self, name):
        return "P" + name


class Machine:
    def __init__(self, volts=None, read_us=50):
        self.clock = Clock()
        self.volts = volts or (lambda pin: 0)
        self.levels, self.directions, self.pulls, self.duty, self.frequency = {}, {}, {}, {}, {}
        self.timers, self.mem32 = [], {}
        machine = self

        class Pin:
            IN, OUT, PULL_UP, PULL_DOWN = "in", "out", "up", "down"
            cpu = Cpu()

            def __init__(self, number, mode=None, pull=None, value=None):
                self.number = number
                if mode is not None:
                    machine.directions[number] = mode
                    machine.duty.pop(number, None)
                    machine.pulls[number] = pull
                if value is not None:
                    machine.levels[number] = value

            def value(self, level=None):
                if level is None:
                    return machine.levels.get(self.number, 0)
                machine.levels[self.number] = int(level)

        class ADC:
            ATTN_11DB = "11 dB"

            def __init__(self, pin, atten=None):
                self.number, self.atten = pin.number, atten

            def read_uv(self):
                machine.clock.us += read_us
                assert self.atten == self.ATTN_11DB
                return machine.volts(self.number) * 1000

            def read_u16(self):
                machine.clock.us += read_us
                return max(0, min(65535, machine.volts(self.number) * 65535 // 3300))

        class PWM:
            def __init__(self, pin, freq, duty_u16):
                self.number = pin.number
                machine.frequency[self.number] = freq
                machine.duty[self.number] = duty_u16

            def duty_u16(self, duty):
                machine.duty[self.number] = duty

            def deinit(self):
                machine.duty.pop(self.number, None)

        class Timer:
            ONE_SHOT = "once"

            def __init__(self, number):
                self.number, self.due = number, None
                machine.timers.append(self)

            def init(self, mode, period, callback):
                self.due = (machine.clock.now_ms() + period, callback)

            def deinit(self):
                self.due = None

        class WDT:
            def __init__(self, timeout):
                machine.watchdog_ms, machine.fed = timeout, 0

            def feed(self):
                machine.fed += 1

        self.Pin, self.ADC, self.PWM, self.Timer, self.WDT = Pin, ADC, PWM, Timer, WDT

    def pass_ms(self, count=1):
        """Time passes, timers fire."""
        for _ in range(count):
            self.clock.us += 1000
            for timer in self.timers:
                if timer.due is not None and timer.due[0] <= self.clock.now_ms():
                    callback, timer.due = timer.due[1], None
                    callback(timer)

    def modules(self):
        machine = self

        def samples(number, buffer, spacing_us):
            for index in range(len(buffer)):
                buffer[index] = max(0, min(4095, machine.volts(number) * 4095 // 3300))
                machine.clock.us += spacing_us

        class Pyb:
            class ADC:
                def __init__(self, pin):
                    self.number = pin.number

                def read_timed(self, buffer, frequency):
                    samples(self.number, buffer, 1000000 // frequency)

        class Rp2:
            class DMA:
                def __init__(self):
                    self.on = 0

                def pack_ctrl(self, **fields):
                    assert fields == {"size": 1, "inc_read": False, "treq_sel": 48}
                    return 1

                def config(self, read, write, count, ctrl, trigger):
                    assert read == 0x400A000C and count == len(write)
                    self.on, self.write = 1, write

                def active(self, value=None):
                    base = 0x400A0000
                    if value is not None:
                        self.on = value
                    elif self.on and machine.mem32[base] & 9 == 9:  # the converter is on and runs
                        assert machine.mem32[base + 8] & 9 == 9  # into its FIFO, which asks for DMA
                        select = machine.mem32[base] >> 12
                        samples(26 + select, self.write, ((machine.mem32[base + 0x10] >> 8) + 1) // 48)
                        self.on = 0
                    return self.on

        return {"pyb": Pyb, "rp2": Rp2}
