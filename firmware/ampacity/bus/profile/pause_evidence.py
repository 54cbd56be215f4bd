"""What a device shows while it is paused: its limit register, its state, and whether these prove the pause. For commissioning.

Documents leave much of that open. `shows` is the value of the site file (`off_shows`): "0", "least", "max" or "last".
"""

from ampacity.bus.profile.evse_device import ONLINE
from ampacity.bus.profile.proof.conditions import fields_of, holds
from ampacity.bus.profile.proof.pause_proof import CURRENTS, NOISE_DA
from ampacity.bus.profile.registers.codec import ADDRESS, NAME

if False:  # for the type checker
    from typing import Any

    from ampacity.bus.profile.orders.order_recipe import OrderRecipe


def can_declare_off_shows(driver: "Any") -> bool:
    """May the site say of this device, an EvseDriver, what it shows while it is off?"""
    return bool(driver.device.table["proof"].get("told"))


def pause_view(driver: "Any") -> "dict[str, Any] | None":
    """{register, at, shown_da, read, shows, states, proven, able}; None: it is not paused, or was not read since.

    driver: an EvseDriver. shown_da: its limit, da. read: was its limit? Where its state proves the pause this is not required. able: all
    that would prove its pause, if the site said so, is there now.
    """
    device = driver.device
    order, readings, index = device.order, device.readings, device.limit_index()
    if device.link != ONLINE or index < 0 or order.target_da or not order.done():
        return None
    told = device.table["proof"].get("told", [])
    states = sorted({field: 1 for field in fields_of(device.table["state"])})
    fields, since_ms = states + fields_of(told) + readings.indexes(CURRENTS), order.written_ms + device.table["latency_ms"]
    read, proven = readings.asked_since([index], since_ms), order.proven and not order.counted_at_max
    if not readings.asked_since(fields, since_ms) or not (read or proven):
        return None
    amps_da, shown_da, field = device.per_terminal("current"), readings.values[index] if read else None, readings.fields[index]
    still = max(amps_da) <= NOISE_DA if amps_da else False
    return {
        "register": field[NAME], "at": field[ADDRESS], "shown_da": shown_da, "read": read, "shows": off_shows_of(device.recipe, shown_da),
        "states": [[readings.fields[state][NAME], readings.values[state]] for state in states], "proven": proven,
        "able": bool(told) and order.off_trusted and still and holds(told, readings.values, 0, device.targets),
    }  # fmt: skip


def off_shows_of(recipe: "OrderRecipe", shown_da: "int | None") -> str:
    """The word for that limit."""
    if shown_da is None or shown_da <= 0:
        return "0"
    if shown_da <= recipe.min_da:
        return "least"
    return "max" if shown_da >= recipe.max_da else "last"
