"""The charging point's states and what moves it from one to another: IEC 61851-1 Annex A as one table.

The level of the car is an event in each step, and so are what we have to offer, the checks and the timers: an
event with "." changes nothing. The grid is complete on purpose; the test walks all of it.

Events: A B C D E N the car's level (D only without ventilation; with it D counts as C; N: −12 V hides the car);
offer, none: is there current for it?; ready: diode, contactor, lock and cable were found in order; late: the
state's time is over; fault: one is seen; quiet: no fault asks for −12 V any more; clear: none is left.
"""

EVENTS = ("A", "B", "C", "D", "E", "N", "offer", "none", "ready", "late", "fault", "quiet", "clear")

# state: pilot, contactor, sign, then the next state for each event
ROWS = """
idle     x1  0 A1 .    waiting asking   venting shorted . .        .       .        .       faulted .    .
waiting  x1  0 B1 idle .       asking   venting shorted . offered  .       .        .       faulted .    .
offered  pwm 0 B2 idle .       checking venting shorted . .        waiting .        waking  faulted .    .
waking   f   0 B2 .    .       .        .       .       . .        waiting .        offered faulted .    .
asking   x1  0 C1 idle waiting .        venting shorted . checking .       .        .       faulted .    .
checking pwm 0 C2 idle offered .        venting shorted . .        asking  charging faulted faulted .    .
charging pwm 1 C2 idle offered .        venting shorted . .        pausing .        .       faulted .    .
pausing  x1  1 C1 idle waiting .        venting shorted . charging .       .        asking  faulted .    .
venting  x1  0 D1 idle waiting asking   .       shorted . .        .       .        .       faulted .    .
shorted  x1  0 E  idle waiting asking   venting .       . .        .       .        .       faulted .    .
faulted  f   0 F  .    .       .        .       .       . .        .       .        .       .       held .
held     x1  0 F  .    .       .        .       .       . .        .       .        .       faulted .    idle
"""


def parse(rows: str) -> "tuple[dict[str, tuple[str, bool, str]], dict[tuple[str, str], str]]":
    """(states, pilot of each, contactor of each, sign of each, {(state, event): next state})."""
    outputs, table = {}, {}
    for row in rows.strip().split("\n"):
        cells = row.split()
        state = cells[0]
        outputs[state] = (cells[1], cells[2] == "1", cells[3])
        for event, following in zip(EVENTS, cells[4:]):
            table[state, event] = state if following == "." else following
    return outputs, table


OUTPUTS, TRANSITIONS = parse(ROWS)
STATES = tuple([row.split()[0] for row in ROWS.strip().split("\n")])
