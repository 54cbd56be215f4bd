"""What a guard lacks, as the text of an event: its own module, for the texts of explain.py are loaded when they are asked for."""

if False:  # for the type checker
    from ampacity.circuit.explain import ExplainableGuard

MISSING_MAX = 4  # as many meters and EVSEs are named in one event


def missing_text(guard: "ExplainableGuard") -> str:
    """The meters and EVSEs without which the mode is degraded, each with its state."""
    found = []
    for c in guard.site.circuits:
        if guard.meter_state(c.index) not in ("ok", "none"):
            found.append("meter of %s %s" % (c.name, guard.meter_state(c.index)))
    for s in guard.ledger.evse_states:
        if not s.ok and not s.isolated:
            found.append("%s %s" % (s.evse.name, guard.state(s.index)))
    more = len(found) - MISSING_MAX
    return (", ".join(found[:MISSING_MAX]) or "all meters and EVSEs are trusted") + (" and %d more" % more if more > 0 else "")
