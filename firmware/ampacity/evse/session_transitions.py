"""A session's phases and what moves it from one to another, as one table.

idle: no car, nobody allowed. authorised: somebody may charge, the car is awaited. plugged: a car without anybody's
leave. active: car and leave. ended: it was stopped, the car is still there.
"""

EVENTS = ("plug", "unplug", "permit", "revoke", "timeout")

ROWS = """
idle       plugged .    authorised .     .
authorised active  .    .          idle  idle
plugged    .       idle active     .     .
active     .       idle .          ended .
ended      .       idle active     .     .
"""


def parse(rows: str) -> "dict[tuple[str, str], str]":
    """{(phase, event): next phase}; "." stays."""
    table = {}
    for row in rows.strip().split("\n"):
        cells = row.split()
        for event, following in zip(EVENTS, cells[1:]):
            table[cells[0], event] = cells[0] if following == "." else following
    return table


PHASES = tuple([row.split()[0] for row in ROWS.strip().split("\n")])
TRANSITIONS = parse(ROWS)
