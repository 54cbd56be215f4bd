"""What a device shows while it is paused: its limit register, its state, and whether these prove the pause. For commissioning.

Documents leave much of that open. `shows` is the word of the site file (`off_shows`): "0", "least", "max" or "last".
"""

from ampacity.bus.profile_answers import CURRENTS, NOISE_DA, ONLINE
from ampacity.bus.profile_codec import ADDRESS, NAME
from ampacity.bus.profile_proof import fields_of, holds


def tellable(driver: object) -> bool:
    """May the site say of this device what it shows while it is off?"""
    return bool(driver._table["proof"].get("told"))


def shown_off(driver: object) -> "dict | None":
    """{register, at, shown_da, shows, states, proven, able}; None: it is not paused, or was not read since.

    able: all that would prove its pause, if the site said so, is there now.
    """
    order, readings, index = driver._order, driver._readings, driver._limit_index()
    if driver.link != ONLINE or index < 0 or order.target_da or not order.done():
        return None
    told = driver._table["proof"].get("told", [])
    states = sorted({field: 1 for field in fields_of(driver._table["state"])})
    fields = [index] + states + fields_of(told) + readings.indexes(CURRENTS)
    if not readings.asked_since(fields, order.written_ms + driver._table["latency_ms"]):
        return None
    amps_da, shown_da, field = driver._per_terminal("current"), readings.values[index], readings.fields[index]
    still = bool(amps_da) and max(amps_da) <= NOISE_DA
    return {
        "register": field[NAME], "at": field[ADDRESS], "shown_da": shown_da, "shows": word_of(driver._recipe, shown_da),
        "states": [[readings.fields[state][NAME], readings.values[state]] for state in states], "proven": order.proven and not order.loose,
        "able": bool(told) and order.said_off and still and holds(told, readings.values, 0, driver._targets),
    }  # fmt: skip


def word_of(recipe: object, shown_da: "int | None") -> str:
    """The word for that limit."""
    if shown_da is None or shown_da <= 0:
        return "0"
    if shown_da <= recipe.min_da:
        return "least"
    return "max" if shown_da >= recipe.max_da else "last"
