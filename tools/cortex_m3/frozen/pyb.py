"""`pyb` of the emulated board: the converter with a timer, which samples the simulated pins of `machine`."""

from machine import SUPPLY_MV, volts_mv

FULL = 4095


class ADC:
    def __init__(self, pin):
        self._name = pin.name

    def read_timed(self, samples, frequency):
        for index in range(len(samples)):
            samples[index] = volts_mv(self._name, index * 1000000 // frequency) * FULL // SUPPLY_MV
