"""The story as data: at which second which operation of the control channel is done, and what to say about it."""

from pathlib import Path
from typing import NamedTuple

from ampacity_host.places import SITES

WAIT_S = 40
SITE = SITES / "demo.toml"


class Step(NamedTuple):
    """at_s: seconds since the rig is up; op, fields: of the control channel (op None: only words); title: what the view
    shows as headline with `words` until the next title; mark: its name in the chart, "" for none; wait: the story's clock
    waits at this step until the condition is true, at most WAIT_S: "up" (the primary), a mode, "EVSE STATUS"."""

    at_s: float
    op: str | None = None
    fields: dict = {}  # noqa: RUF012
    title: str = ""
    words: str = ""
    mark: str = ""
    wait: str = ""


class Story(NamedTuple):
    """steps in order of time; length_s: when it ends; site: the site file."""

    steps: tuple
    length_s: float
    site: Path = SITE


def waited(wait, primary):
    """Is it so? primary: its view in the answer of `state`, None while it is down. "regulating" is what is regulated
    with what is left, too."""
    if primary is None or wait == "up":
        return primary is not None
    if " " in wait:
        evse, status = wait.split()
        return primary["evses"][evse]["status"] == status
    return primary["mode"] == wait or (wait, primary["mode"]) == ("regulating", "degraded")


def car(at_s, evse, token, reader=None, **facts):
    """A car is plugged in, and its driver's card is shown at the EVSE's reader, or at the garage's own (reader "garage")."""
    card = {"token": token} if reader == "garage" else {"token": token, "evse": evse}
    return (Step(at_s, "plug", {"evse": evse, "car": facts}),
            Step(at_s + 0.5, "present_token", card, wait=evse + " Plugged"))


def other_load(at_s, l1, l2, l3, **texts):
    return Step(at_s, "background", {"circuit": "house", "l1": l1, "l2": l2, "l3": l3}, **texts)


STORY = Story((
    other_load(0.2, 9, 7, 6, title="Power up: quarantine",
          words="The primary trusts no earlier orders. Every EVSE counts with its maximum until it has accepted an "
                "order of this primary and proven it.", mark="power up", wait="up"),
    *car(2.0, "evse-1", "ANNA-1"),
    *car(3.0, "evse-6", "BEN-6", max_a=16),
    *car(4.0, "evse-8", "CEM-8", max_a=16),
    *car(5.0, "evse-3", "DANA-3", max_a=16),
    *car(6.0, "evse-5", "EVA-5", phases=1, max_a=16, need_kwh=0.028),
    Step(10.0, None, {}, "The first cars charge",
         "Each order is in the ledger before its first byte leaves. The available current is shared per phase, on every circuit "
         "up to the grid connection.", "first cars", "regulating"),
    Step(17.0, None, {}, "Three more cars: their total demand is twice the rating",
         "Other cars must have given up their current, and proven it, before the orders of the new cars are sent.", "three more cars"),
    *car(17.0, "evse-2", "FINN-2", "garage", max_a=16),
    *car(18.5, "evse-4", "GRETA-4", "garage", max_a=16),
    *car(20.0, "evse-7", "HUGO-7", "garage", max_a=16),
    other_load(30.0, 33, 28, 24, title="Other load rises by 24 A in one step",
          words="Sauna and oven. Lower orders are sent before all other bus traffic. The connection may exceed its "
                "rating for at most the time that `ampacity check` prints.", mark="house +24 A"),
    other_load(39.0, 9, 7, 6, title="Other load falls again",
          words="Free current is assigned again, after the meter has proven it.", mark="house −24 A"),
    Step(46.0, "limit", {"source": "ocpp", "target": "site", "amps": 24}, "The CSMS limits the site to 24 A",
         "SetChargingProfile with a ChargingStationMaxProfile. This is less than the sum of all minima: some EVSEs pause.",
         "CSMS limit 24 A"),
    Step(54.0, "unplug", {"evse": "evse-5"}, mark="evse-5 leaves"),
    Step(55.0, "limit", {"source": "ocpp", "target": "site", "amps": None}, "The CSMS withdraws its limit",
         "The ratings apply again.", "limit withdrawn"),
    Step(62.0, "fault", {"kind": "cut", "target": "rs485-1"}, "The RS-485 line is cut",
         "Six EVSEs and the meter do not answer. Each EVSE falls back when its watchdog expires; until then its last order "
         "counts. Other load counts with its declared worst case.", "line cut"),
    Step(75.0, "fault", {"kind": "cut", "target": "rs485-1", "on": False}, "The line is repaired",
         "Each EVSE is checked again before it receives an order above its reserve.", "line repaired"),
    Step(84.0, "primary", {"action": "kill"}, "The primary is killed",
         "SIGKILL. Its local contactor opens; the other EVSEs fall back when their watchdogs expire.",
         "primary killed"),
    Step(88.0, "primary", {"action": "start"}, "The primary starts again",
         "In quarantine: earlier orders may still be in force and count until the opposite is proven.",
         "primary started"),
    Step(92.0, None, {}, "Back to work",
         "The sessions continue: the primary restored them from its journal.", "back to work", "regulating"),
), 99.0)
