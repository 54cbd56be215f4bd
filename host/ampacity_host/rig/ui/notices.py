"""The changes between two answers of `state` that a person would call events."""

STEP_A = 0.6


def notices(before, after, primary_before=None):
    """[(kind, text)] of the changes from one `state` to the next. primary_before: the last known view of the primary, for a
    primary that was off in `before`.
    """
    if before is None:
        return []
    found = _primary(before["primary"], after["primary"], primary_before is not None)
    found += _circuits(before["truth"]["circuits"], after["truth"]["circuits"])
    old, new = before["primary"] or primary_before, after["primary"]
    for name, truth in after["truth"]["evses"].items():
        was = before["truth"]["evses"][name]
        if was["watchdog"] != truth["watchdog"] and "expired" in (was["watchdog"], truth["watchdog"]):
            found.append(("evse", "%s: %s" % (name, _watchdog(truth))))
        if old and new and name in old["evses"] and name in new["evses"]:
            found += _evse(name, old["evses"][name], new["evses"][name])
    if old and new:
        found += _meters(old["circuits"], new["circuits"])
    return found


def _watchdog(truth):
    if truth["watchdog"] == "expired":
        return "its watchdog ran out, it falls back to %.1f A" % truth["order_a"]
    return "hears the primary again"


def _primary(old, new, known):
    """known: a view of it existed before `old`."""
    if old is None or new is None:
        if (old is None) == (new is None):
            return []
        if new is None:
            return [("primary", "the primary does not answer")]
        return [("primary", "the primary is %s, in %s" % ("back" if known else "up", new["mode"]))]
    found = []
    if old["mode"] != new["mode"]:
        found.append(("primary", "the primary goes from %s to %s" % (old["mode"], new["mode"])))
    if old["ocpp"]["connected"] != new["ocpp"]["connected"]:
        found.append(("primary", "the CSMS is %s" % ("connected" if new["ocpp"]["connected"] else "lost")))
    return found


def _circuits(old, new):
    found = []
    for name, circuit in new.items():
        for phase, rating in enumerate(circuit["rating"]):
            now_over, was_over = circuit["amps"][phase] > rating, old[name]["amps"][phase] > rating
            if now_over and not was_over:
                found.append(("over", "%s L%d at %.1f A, above its %.1f A" % (name, phase + 1, circuit["amps"][phase], rating)))
            elif was_over and not now_over:
                found.append(("over", "%s L%d is back within its %.1f A" % (name, phase + 1, rating)))
    return found


def _meters(old, new):
    said = {"ok": "the meter of %s is read", "lost": "the meter of %s is lost: its declared worst other load counts",
            "frozen": "the meter of %s is frozen: its declared worst other load counts"}
    return [("meter", said[circuit["meter"]] % name) for name, circuit in new.items()
            if name in old and old[name]["meter"] != circuit["meter"] and circuit["meter"] in said]


def _evse(name, old, new):
    found = []
    if old["online"] != new["online"]:
        found.append(("evse", "%s %s" % (name, "answers" if new["online"] else "does not answer")))
    if old["status"] != new["status"] and not (old["status"] == "Available" and new["status"] == "Unavailable"):
        found.append(("evse", "%s: %s" % (name, new["status"])))
    order, was = new["order_a"] or 0.0, old["order_a"] or 0.0
    if abs(order - was) >= STEP_A:
        found.append(("evse", "%s: ordered %.1f A (was %.1f A)" % (name, order, was)))
    return found
