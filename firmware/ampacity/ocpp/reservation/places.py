"""How many EVSEs the reservations without an EVSE need, and of which connector type (H01.FR.07, H01.FR.09).

Such a reservation is for any EVSE, or for any with one type of connector. All of them can be kept if, for each type, there are as many EVSEs as
reservations of that type, and as many EVSEs as reservations in total.
"""

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.evse import OcppEvse


def missing(evses: "list[OcppEvse]", wanted: "list[dict[str, Any]]") -> int:
    """How many EVSEs the reservations `wanted` lack, where they may use `evses`. wanted: [{"type": connector type or ""}]."""
    lacking = 0
    for connector in sorted({item["type"] for item in wanted if item["type"]}):
        need = len([item for item in wanted if item["type"] == connector])
        lacking += max(0, need - len([evse for evse in evses if evse.connector == connector]))
    return max(lacking, len(wanted) - len(evses))


def without(items: "list[Any]", item: object) -> "list[Any]":
    """The list without one of its items."""
    return [other for other in items if other is not item]


def needed(evses: "list[OcppEvse]", wanted: "list[dict[str, Any]]") -> "list[OcppEvse]":
    """Those of `evses` that are needed for `wanted`: without one of them, more would be missing."""
    if not wanted:
        return []
    lacking = missing(evses, wanted)
    return [evse for evse in evses if missing(without(evses, evse), wanted) > lacking]
