"""Who can never charge, by the sums that `ampacity check --data` prints of a site and of the tests of its devices."""

from tests.drawn.geometry import LINES, da

LEAST_DA = 60


def short_of_room(report, geometry):
    """EVSEs for which what others may draw without being asked, and other load that no meter shows, leave less than 6 A."""
    own_da = {}
    for row in report["reserves"]:
        own_da[row["evse"]] = max(own_da.get(row["evse"], 0), da(row["to_a"]))
    rows = {(row["circuit"], row["phase"]): row for row in report["circuits"]}
    found = set()
    for evse, ends in geometry.ends.items():
        times = geometry.loads(evse, [1] * len(ends))
        for circuit in geometry.above[geometry.circuit_of[evse]]:
            for line, count in enumerate(times):
                row = rows.get((circuit, LINES[line]))
                if row is None or not count:
                    continue
                other_da = 0 if circuit in geometry.meters.values() else da(row["assumed_other_a"])
                free_da = da(row["rating_a"]) - da(row["reserves_a"]) - other_da
                if free_da < count * (LEAST_DA - min(LEAST_DA, own_da.get(evse, 0))):
                    found.add(evse)
    return found
