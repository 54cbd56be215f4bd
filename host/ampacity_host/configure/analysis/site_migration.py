"""What of the old site will still count after a start with this site file, by the journal of a data folder (rule 15).

The same code as in the controller reads it; nothing in the folder is changed, and the controller may be running.
"""

from typing import Any

from ampacity.circuit.guard import Guard
from ampacity.circuit.trusted.site.check import ReserveSums, sum_findings
from ampacity.circuit.trusted.site.migration import SiteMigration, was_elsewhere
from ampacity.roles.service.status_view import left_text


def after_change(facts: dict[str, Any], kept: dict[str, Any] | None) -> dict[str, Any]:
    """`left`: EVSEs that left the site file and still count; `moved`: EVSEs that also count at their old place until they were
    paused; `findings`: warnings where the reserves and what left do not fit."""
    result: dict[str, Any] = {"left": [], "moved": [], "findings": []}
    shape = (kept or {}).get("site")
    if not isinstance(shape, dict):
        return result
    for row in Guard(facts, 0, kept).removed_evses():
        then_a = None if row["falls_ms"] is None else row["reserve_da"] / 10
        result["left"].append({"name": row["name"], "at": row["at"], "most_a": row["most_da"] / 10, "then_a": then_a,
                               "circuits": row["circuits"], "text": left_text(row)})  # fmt: skip
    change = SiteMigration(facts, shape)
    count = len(facts["evses"])
    moved = {index for index, entry in change.carried_over if index < count and was_elsewhere(facts, index, entry)}
    result["moved"] = sorted(facts["evses"][index]["name"] for index in moved)
    if result["left"]:
        already = [found["text"] for found in sum_findings(ReserveSums(facts, kept))]
        gone = " or ".join(f"`gone {row['name']}`" for row in result["left"])
        for found in sum_findings(ReserveSums(change.facts, kept)):
            if found["text"] not in already:
                fix = f"after an inspection {gone} at the console"
                text = f"{found['text']}; this includes EVSEs that left the site file: no order above a reserve is sent there"
                result["findings"].append(found | {"code": "left", "level": "warning", "text": text, "fix": fix})
    return result
