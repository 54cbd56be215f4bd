"""Every combination of TxStartPoint and TxStopPoint, against an oracle of a few lines (E01.FR.01 to FR.06, E06.FR.01 to FR.07)."""

import sys
from itertools import combinations
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "ocpp"))

from station_bench import Bench, payloads  # noqa: E402

POINTS = ("ParkingBayOccupancy", "EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer")
SETS = [chosen for size in range(1, len(POINTS) + 1) for chosen in combinations(POINTS, size)]
STEPS = {
    "bay": lambda bench: bench.event(1, "bay", {"occupied": True}),
    "plug": lambda bench: bench.plug(),
    "card": lambda bench: bench.card(),
    "energy": lambda bench: bench.state("Charging"),
    "still": lambda bench: bench.state("EVConnected"),
    "leave": lambda bench: bench.unplug(),
    "away": lambda bench: bench.event(1, "bay", {"occupied": False}),
}
# each script: its steps; which points begin to hold at a step; which of them cease at a step, and the trigger and the reason of the end then
SCRIPTS = {
    "stopped by the token": (
        ("bay", "plug", "card", "energy", "card", "still", "leave", "away"),
        {0: ("ParkingBayOccupancy",), 1: ("EVConnected",), 2: ("Authorized", "PowerPathClosed"), 3: ("EnergyTransfer",)},
        {
            4: (("Authorized", "PowerPathClosed", "EnergyTransfer"), "StopAuthorized"), 6: (("EVConnected",), "EVCommunicationLost"),
            7: (("ParkingBayOccupancy",), "EVDeparted"),
        },
        "Local",
    ),
    "the car leaves": (
        ("bay", "card", "plug", "energy", "leave", "away"),
        {0: ("ParkingBayOccupancy",), 1: ("Authorized",), 2: ("EVConnected", "PowerPathClosed"), 3: ("EnergyTransfer",)},
        {
            4: (("EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"), "EVCommunicationLost"),
            5: (("ParkingBayOccupancy",), "EVDeparted"),
        },
        None,
    ),
}


def run(bench, steps):
    """[TransactionEvents of each step]."""
    told = []
    for step in steps:
        bench.sent = []
        STEPS[step](bench)
        bench.pump()
        told.append(payloads(bench.sent, "TransactionEvent"))
    return told


def first_step(table, points):
    """The first step at which one of the points begins to hold; energy that no point foresees begins a transaction as well."""
    return min([step for step, names in table.items() if set(names) & set(points)] + [3])


@pytest.mark.parametrize("script", sorted(SCRIPTS))
@pytest.mark.parametrize("starts", SETS, ids="+".join)
def test_a_transaction_begins_and_ends_where_the_points_say(script, starts):
    steps, begins, ends, reason = SCRIPTS[script]
    bench = Bench(1).booted()
    assert bench.set("TxCtrlr", "TxStartPoint", ",".join(starts)) == "Accepted"
    for stops in SETS:
        assert bench.set("TxCtrlr", "TxStopPoint", ",".join(stops)) == "Accepted"
        told = run(bench, steps)
        place = (stops, [[(e["eventType"], e["triggerReason"]) for e in events] for events in told])
        kinds = [(at, e["eventType"]) for at, events in enumerate(told) for e in events]
        assert kinds[0] == (first_step(begins, starts), "Started"), place
        end = min(at for at, (names, _) in ends.items() if set(names) & set(stops))
        assert kinds[-1] == (end, "Ended") and [kind for _, kind in kinds].count("Ended") == 1, place
        events = [e for step in told for e in step]
        assert [e["seqNo"] for e in events] == list(range(len(events))), place
        assert len({e["transactionInfo"]["transactionId"] for e in events}) == 1, place
        assert events[-1]["triggerReason"] == ends[end][1], place
        assert events[-1]["transactionInfo"]["stoppedReason"] == (reason or ("EVDisconnected" if end == 4 else "Local")), place
        assert [e["idToken"]["idToken"] for e in events if "idToken" in e][0] == "ABC123", place
