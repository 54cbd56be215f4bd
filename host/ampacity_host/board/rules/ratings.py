"""Ratings: what the parts can measure, time and switch is enough for what the board promises."""

from ampacity_host.board.chip import pilot_steps
from ampacity_host.board.rules.place import Found, Place
from ampacity_host.board.uses import Use

STEPS_MIN = 1000  # one per mille of duty: 1 µs, 0.06 A (pulse width ±5 µs: IEC 61851-1, Table A.2)
CP_MV = 12600  # ±12 V ± 5 %: IEC 61851-1, Table A.2
CP_STEP_MV = 100  # a tenth of the ±1 V around a state's voltage
PP_STEPS = 5  # between two values that have to be told apart
PP_OHM = (60, 80, 140, 164, 308, 400, 936, 1100, 2460, 4500)  # bounds of the windows: IEC 61851-1, Table B.2
HOLD_PERMILLE_MIN = 200  # a coil with less may be open: IEC 60947-4-1, limits of operation (AC coil: opens below 20 to 75 % of its voltage)
HOLD_HZ_MIN = 50
EXTREMES_MAX_A = 65  # above, a half wave is shorter than the gap between two single reads


def pwm_resolution(place: Place) -> Found:
    """A duty of one per mille can be set."""
    use = place.at("pilot.pwm")
    timer = place.chip.pwm(use.pin) if use else None
    if use and timer and pilot_steps(timer) < STEPS_MIN:
        yield "pwm-resolution", use.field, f"{timer['timer']} has {pilot_steps(timer)} steps at 1 kHz; use a timer with {STEPS_MIN} or more"


def scaling(place: Place) -> Found:
    """CP and its supplies are within what the converter reads, in steps that are fine enough."""
    for field, bounds in (("pilot.adc", (-CP_MV, CP_MV)), ("pilot.rail_plus", (0, CP_MV)), ("pilot.rail_minus", (-CP_MV, 0))):
        use = place.at(field)
        if use is None:
            continue
        if use.entry["numerator"] == 0:
            yield "adc-range", f"{field}.numerator", "0 measures nothing; use a number other than 0 from -1000000 to 1000000"
            continue
        yield from _span(place, use, bounds)
        row = place.chip.adc(use.pin)
        step_uv = row["full_mv"] * 1000 * abs(use.entry["numerator"]) // use.entry["denominator"] >> row["bits"] if row else 0
        if step_uv > CP_STEP_MV * 1000:
            yield "adc-resolution", field, f"one step is {step_uv // 1000} mV; use a scaling with {CP_STEP_MV} mV or less"


def _span(place: Place, use: Use, bounds: tuple[int, int]) -> Found:
    row = place.chip.adc(use.pin)
    if row is None:
        return
    at_pin = sorted((volt - use.entry["offset_mv"]) * use.entry["denominator"] // use.entry["numerator"] for volt in bounds)
    low = 0 if 0 in bounds else row["low_mv"]  # a supply that fails reads as near 0 V, wherever exactly
    if at_pin[0] < low or at_pin[1] > row["high_mv"]:
        yield ("adc-range", use.field, f"{bounds[0]} to {bounds[1]} mV come to the pin as {at_pin[0]} to {at_pin[1]} mV; "
               f"use a scaling within {low} to {row['high_mv']} mV")  # fmt: skip


def cable_coding(place: Place) -> Found:
    """The windows of the resistors of Table B.2 are apart, and below the highest voltage that is read."""
    table, use = place.board.get("proximity"), place.at("proximity.adc")
    row = place.chip.adc(use.pin) if use else None
    if table is None or use is None or row is None:
        return
    if use.entry["numerator"] == 0:
        yield "adc-range", "proximity.adc.numerator", "0 measures nothing; use a number other than 0 from -1000000 to 1000000"
        return
    levels = [_pp_mv(ohm, table) for ohm in PP_OHM]
    at_pin = [(level - use.entry["offset_mv"]) * use.entry["denominator"] // use.entry["numerator"] for level in levels]
    step_uv = row["full_mv"] * 1000 >> row["bits"]
    if not 0 <= min(at_pin) or max(at_pin) > row["high_mv"]:
        yield "adc-range", use.field, f"60 to 4500 Ω come to the pin as {at_pin[0]} to {at_pin[-1]} mV; use a scaling within 0 to {row['high_mv']} mV"
    elif min(abs(b - a) * 1000 for a, b in zip(at_pin, at_pin[1:], strict=False)) < PP_STEPS * step_uv:
        yield "adc-resolution", use.field, f"two windows of Table B.2 are less than {PP_STEPS} steps apart; use a smaller proximity.pull_up_ohm"


def _pp_mv(ohm: int, table: dict[str, int]) -> int:
    """Voltage of PP with a resistor in the plug."""
    down = table["pull_down_ohm"]
    both = ohm * down // (ohm + down) if down else ohm
    return table["pull_up_mv"] * both // (table["pull_up_ohm"] + both)


def contactor_rating(place: Place) -> Found:
    """A contactor carries what the outlet may draw."""
    most = place.board.get("rating", {}).get("max_a", 0)
    for index, each in enumerate(place.board["contactor"]):
        if each["rating_a"] < most:
            yield "contactor-rating", f"contactor.{index}.rating_a", f"{each['rating_a']} A is below max_a; use {most} A or more, or lower max_a"
        if each["hold_permille"] < HOLD_PERMILLE_MIN:
            yield ("contactor-rating", f"contactor.{index}.hold_permille", f"{each['hold_permille']} ‰ holds no coil; "
                   f"use {HOLD_PERMILLE_MIN} to 1000 ‰, or waive it with the data of the part")  # fmt: skip
        if each["hold_permille"] < 1000 and each["hold_hz"] < HOLD_HZ_MIN:
            yield "contactor-rating", f"contactor.{index}.hold_hz", f"{each['hold_hz']} Hz lets the coil drop; use {HOLD_HZ_MIN} to 100000 Hz"


def sampling(place: Place) -> Found:
    """Above 65 A the low half is too short for single reads."""
    if place.local and place.pilot.get("method") == "extremes" and place.board.get("rating", {}).get("max_a", 0) > EXTREMES_MAX_A:
        yield "pilot-method", "pilot.method", f'"extremes" sees no half wave above {EXTREMES_MAX_A} A; use "dma" or "synchronous", or a lower max_a'


def temperature(place: Place) -> Found:
    """The sensor's range is within the converter's."""
    table, use = place.board.get("temperature"), place.at("temperature.adc")
    row = place.chip.adc(use.pin) if use else None
    if table is None or use is None or row is None:
        return
    if table["mv_per_k"] == 0 or use.entry["numerator"] == 0:
        yield "adc-range", "temperature", "a factor of 0 measures nothing; use other than 0 for mv_per_k and adc.numerator"
        return
    level = table["zero_mv"] + table["max_c"] * table["mv_per_k"]
    at_pin = (level - use.entry["offset_mv"]) * use.entry["denominator"] // use.entry["numerator"]
    if not row["low_mv"] <= at_pin <= row["high_mv"]:
        yield "adc-range", use.field, f"{table['max_c']} °C comes to the pin as {at_pin} mV; use one within {row['low_mv']} to {row['high_mv']} mV"


RULES = (pwm_resolution, scaling, cable_coding, contactor_rating, sampling, temperature)
