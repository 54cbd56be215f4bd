"""From millivolts at a pin to the quantity behind it, by the scaling of a board file. Integers only."""

if False:  # for the type checker
    from ampacity.point.interfaces import Facts

OPEN_OHM = 20000  # a coding resistor has 1.5 kΩ at most (Table B.2): what reads as more is an open PP


def measured_mv(adc: "Facts", pin_mv: int) -> int:
    """Measured voltage in mV for the voltage at the pin in mV. adc: numerator, denominator (> 0), offset_mv."""
    scaled: int = pin_mv * adc["numerator"] // adc["denominator"] + adc["offset_mv"]
    return scaled


def coding_ohm(proximity: "Facts", pp_mv: int) -> "int | None":
    """Resistor between PP and PE, in ohm, for the voltage of PP in mV; None: open. A short is a resistor near 0.

    proximity: pull_up_ohm and pull_up_mv of the supply, pull_down_ohm (0: none) in parallel with the cable's resistor.
    """
    supply_mv: int = proximity["pull_up_mv"]
    if pp_mv >= supply_mv:
        return None
    ohm: int = max(0, pp_mv) * proximity["pull_up_ohm"] // (supply_mv - pp_mv)
    parallel_ohm: int = proximity["pull_down_ohm"]
    if parallel_ohm:
        if ohm >= parallel_ohm:
            return None
        ohm = ohm * parallel_ohm // (parallel_ohm - ohm)
    return ohm if ohm <= OPEN_OHM else None


def sensor_c(temperature: "Facts", sensor_mv: int) -> int:
    """Degrees Celsius for the voltage of the sensor, in mV. temperature: zero_mv at 0 °C, mv_per_k (not 0)."""
    celsius: int = (sensor_mv - temperature["zero_mv"]) // temperature["mv_per_k"]
    return celsius
