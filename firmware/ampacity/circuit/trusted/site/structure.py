"""Is the compiled site a site at all: a tree, places for every EVSE, an address for every device."""

if False:  # for the type checker
    Finding = dict[str, object]
    Facts = dict[str, object]


def finding(code: str, where: str, text: str, fix: str, phase: "int | None" = None, missing_da: int = 0, level: str = "error") -> "Finding":
    """One finding; phase is the supply phase index, None if it concerns all."""
    return {
        "code": code,
        "where": where,
        "phase": phase,
        "missing_da": missing_da,
        "text": text,
        "fix": fix,
        "level": level,
    }


def structure_findings(facts: "Facts") -> "list[Finding]":
    """All that makes the sums meaningless."""
    circuits: list[Facts] = facts.get("circuits", [])  # type: ignore[assignment]
    evses: list[Facts] = facts.get("evses", [])  # type: ignore[assignment]
    meters: list[Facts] = facts.get("meters", [])  # type: ignore[assignment]
    phases: int = facts.get("phases", 3)  # type: ignore[assignment]
    found = _tree(circuits, phases, len(meters))
    for evse in evses:
        found += _place(evse, circuits, phases)
    measuring = [circuit.get("meter", -1) for circuit in circuits]
    for index, meter in enumerate(meters):
        if index in measuring or meter.get("phases") != []:  # a meter of only power and energy measures no circuit
            found += _meter(meter, phases)
    return found + _names(circuits, evses) + _addresses(facts, evses, meters)


def _tree(circuits: "list[Facts]", phases: int, meters: int) -> "list[Finding]":
    found = []
    roots = [c for c in circuits if c.get("parent", -1) == -1]
    if len(roots) != 1:
        found.append(finding("root", "circuits", "the tree has %d roots" % len(roots), "exactly one circuit without parent"))
    for index, circuit in enumerate(circuits):
        name = str(circuit.get("name"))
        found += _parents(circuits, index, name)
        for field in ("rating_da", "assumed_other_da", "generation_da"):
            value = circuit.get(field, [0] * phases)
            if not _amperes(value, phases):
                text = "%s: %s is not a list of %d currents" % (name, field, phases)
                found.append(finding("values", name, text, "%d whole deci-amperes of 0 or more" % phases))
        meter = circuit.get("meter", -1)
        if not isinstance(meter, int) or not -1 <= meter < meters:
            found.append(finding("meter", name, "%s: no meter with index %r" % (name, meter), "an index of the meter list, or -1"))
        elif meter >= 0 and meter in [other.get("meter", -1) for other in circuits[:index]]:
            found.append(finding("meter", name, "%s: its meter already measures another circuit" % name, "a meter of its own, or -1"))
    return found


def _amperes(value: object, phases: int) -> bool:
    if not isinstance(value, (list, tuple)) or len(value) != phases:
        return False
    for da in value:
        if not isinstance(da, int) or da < 0:
            return False
    return True


def _parents(circuits: "list[Facts]", index: int, name: str) -> "list[Finding]":
    seen = []
    at: object = index
    while at != -1:
        if not isinstance(at, int) or not 0 <= at < len(circuits):
            return [finding("orphan", name, "%s: a parent above it does not exist" % name, "the name of another circuit")]
        if at in seen:
            return [finding("cycle", name, "%s: its parents form a cycle" % name, "a tree with one root")]
        seen.append(at)
        at = circuits[at].get("parent", -1)
    return []


def _place(evse: "Facts", circuits: "list[Facts]", phases: int) -> "list[Finding]":
    """Its circuit, and terminals that a device can have: 1 to 3, each on one line or between two."""
    name = str(evse.get("name"))
    circuit = evse.get("circuit")
    found = []
    if not isinstance(circuit, int) or not 0 <= circuit < len(circuits):
        found.append(finding("orphan", name, "%s: its circuit does not exist" % name, "the name of a circuit"))
    terminals = evse.get("terminals")
    if not isinstance(terminals, (list, tuple)) or not _terminals_ok(terminals, phases):
        text = "%s: the phase mapping %r is invalid" % (name, terminals)
        found.append(finding("terminals", name, text, "1 to 3 different lines, or pairs of lines, of the %d of the supply" % phases))
    return found


def _terminals_ok(terminals: "list[object] | tuple[object, ...]", phases: int) -> bool:
    seen = []
    for terminal in terminals:
        if not isinstance(terminal, (list, tuple)) or not 1 <= len(terminal) <= 2:
            return False
        for line in terminal:
            if not isinstance(line, int) or not 0 <= line < phases:
                return False
        lines = sorted(terminal)
        if lines in seen or (len(lines) == 2 and lines[0] == lines[1]):
            return False
        seen.append(lines)
    return 1 <= len(seen) <= 3


def _meter(meter: "Facts", phases: int) -> "list[Finding]":
    name, inputs = str(meter.get("name")), meter.get("phases")
    if inputs is None:
        return []
    if isinstance(inputs, (list, tuple)) and inputs:
        lines = [p for p in inputs if isinstance(p, int)]
        if len([p for p in range(phases) if p in lines]) == len(inputs):
            return []
    return [finding("meter", name, "%s: %r does not map its inputs to phases" % (name, inputs), "a different phase of the supply for each input")]


def _names(circuits: "list[Facts]", evses: "list[Facts]") -> "list[Finding]":
    found = []
    for kind, items in (("circuit", circuits), ("EVSE", evses)):
        seen = []
        for item in items:
            if item.get("name") in seen:
                text = "two entries of kind %s are named %s" % (kind, item.get("name"))
                found.append(finding("name", str(item.get("name")), text, "a unique name for each"))
            seen.append(item.get("name"))
    return found


def _addresses(facts: "Facts", evses: "list[Facts]", meters: "list[Facts]") -> "list[Finding]":
    """No two devices at one address: port and unit on RTU; host, port and unit on TCP."""
    buses: list[Facts] = facts.get("buses", [])  # type: ignore[assignment]
    found = []
    taken: list[tuple[object, ...]] = []
    for item in list(evses) + list(meters):
        bus = item.get("bus", -1)
        if not isinstance(bus, int) or bus < 0 or item.get("kind") == "local":
            continue
        name = str(item.get("name"))
        if bus >= len(buses):
            found.append(finding("bus", name, "%s: its bus does not exist" % name, "the name of a bus"))
            continue
        address = _address(item, bus, buses[bus])
        if address in taken:
            text = "%s: another device has unit %r on the same bus or host" % (name, item.get("unit"))
            found.append(finding("address", name, text, "a unique unit"))
        taken.append(address)
    return found


def _address(item: "Facts", bus: int, facts: "Facts") -> "tuple[object, ...]":
    if facts.get("kind") == "tcp":
        host = str(item.get("host") or facts.get("host")).lower()
        port = item.get("tcp_port") or facts.get("tcp_port") or 502
        return ("tcp", host[:-1] if host[-1:] == "." else host, port, item.get("unit"))
    port = facts.get("port")
    return ("rtu", bus if port in (None, "virtual") else port, item.get("unit"))
