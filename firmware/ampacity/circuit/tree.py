"""The site tree: circuits, EVSEs, and which circuit and phase each terminal loads.

Sums over the tree are the heart of every check, so each EVSE carries its `keys`: the flat indexes
`circuit * phases + phase` that one ampere of its order loads, from its own circuit up to the root.
A terminal between two lines (120/240 split phase, 208 V wye) loads both of its lines with its
current; a line that two terminals share appears twice. The sums are then plain additions.
"""

from ampacity.circuit.errors import Rejected

SETTLE_MS_MIN = 5000  # IEC 61851-1 Annex A: a car has 5 s to follow a lower pilot
TOLERANCE_MS_MIN = 1000
QUIET_WATCHDOG_MS = 10000


class Circuit:
    """One node: what may flow (rating_da per phase), and what else may draw there."""

    def __init__(self, index: int, facts: dict[str, object], phases: int) -> None:
        self.index = index
        self.name: str = facts["name"]  # type: ignore[assignment]
        self.parent: int = facts.get("parent", -1)  # type: ignore[assignment]
        self.rating_da = per_phase(facts["rating_da"], phases)
        self.assumed_da = per_phase(facts.get("assumed_other_da", 0), phases)
        self.generation_da = per_phase(facts.get("generation_da", 0), phases)
        self.meter: int = facts.get("meter", -1)  # type: ignore[assignment]
        self.breaker = facts.get("breaker")


class Evse:
    """One leaf: the constants of an EVSE that the ledger needs, all from the site facts."""

    def __init__(self, index: int, facts: dict[str, object], settle_ms_min: int) -> None:
        def number(name: str, default: int) -> int:
            value = facts.get(name)
            return default if value is None else value  # type: ignore[return-value]

        self.index = index
        self.name: str = facts["name"]  # type: ignore[assignment]
        self.kind: str = facts.get("kind", "profile")  # type: ignore[assignment]
        self.bus = number("bus", -1)
        self.circuit = number("circuit", 0)
        self.terminals: list[list[int]] = facts["terminals"]  # type: ignore[assignment]
        self.max_da = number("max_da", 0)
        self.limit_da = min(number("limit_da", self.max_da), self.max_da)
        self.min_da = number("min_da", 60)
        self.feeder_da = number("feeder_da", self.max_da)
        self.priority = number("priority", 1)
        self.weight = max(1, number("weight", 1))
        self.fallback_da = number("fallback_da", 0)
        self.watchdog_ms = number("watchdog_ms", 0)
        self.tolerance_ms = number("watchdog_tolerance_ms", 0)
        self.watchdog_fixed = bool(facts.get("watchdog_fixed", False))
        self.fallback_fixed = bool(facts.get("fallback_fixed", self.watchdog_fixed))
        self.power_on_da = number("power_on_da", 0)
        self.power_on_source: str = facts.get("power_on_source", "unknown")  # type: ignore[assignment]
        self.settle_ms = max(settle_ms_min, number("settle_ms", 0)) + number("latency_ms", 0)
        self.transit_ms = number("transit_ms", 0)
        self.boot_ms = number("boot_ms", 500)
        self.survives = bool(facts.get("survives", False))
        self.holds = bool(facts.get("holds", False))
        self.by_measure = facts.get("proof") == "measured"  # it cannot show the limit in force: a car that draws proves it
        self.poll_feeds = bool(facts.get("poll_feeds", False))
        self.fingerprint: "str | None" = facts.get("fingerprint")  # type: ignore[assignment]
        self.feeder_output: str = facts.get("feeder_output") or ""  # type: ignore[assignment]
        self.one_client = bool(facts.get("one_client", False))
        self.primary = bool(facts.get("primary", False))  # with EVSEs of its own (rule 13): it reports Σ of their bounds
        self.require_tested = False  # of the site: what was only declared counts when a commissioning test has seen it
        self.shared_feed = False  # its watchdog is fed by requests, and others may send some (rule 9)
        self.keys: tuple[int, ...] = ()

    def lapse_ms(self, watchdog_ms: int) -> int:
        """Rule 5: silence of this length after the last feeding frame brings the reserve, in ms."""
        tolerance_ms = max(self.tolerance_ms, watchdog_ms // 10, TOLERANCE_MS_MIN)
        return watchdog_ms + tolerance_ms + self.settle_ms + self.transit_ms


class Site:
    """The whole tree with its flat indexes.

    facts: the compiled site (all currents da, all times ms). Raises Rejected for a tree that is none.
    """

    settle_ms_min = SETTLE_MS_MIN

    def __init__(self, facts: dict[str, object]) -> None:
        self.phases: int = facts.get("phases", 3)  # type: ignore[assignment]
        circuits: list[dict[str, object]] = facts["circuits"]  # type: ignore[assignment]
        evses: list[dict[str, object]] = facts.get("evses", [])  # type: ignore[assignment]
        self.name = facts.get("name", "site")
        self.voltage_v: int = facts.get("voltage_v", 230)  # type: ignore[assignment]
        self.split = facts.get("system") == "split"
        self.circuits = [Circuit(i, c, self.phases) for i, c in enumerate(circuits)]
        self.evses = [Evse(i, e, self.settle_ms_min) for i, e in enumerate(evses)]
        self.meters: list[dict[str, object]] = facts.get("meters", [])  # type: ignore[assignment]
        self.settings: dict[str, int] = facts.get("settings", {})  # type: ignore[assignment]
        self.size = len(self.circuits) * self.phases
        self.paths = [self._path(c) for c in range(len(self.circuits))]
        self.rating_da = [da for c in self.circuits for da in c.rating_da]
        self.assumed_da = [da for c in self.circuits for da in c.assumed_da]
        self.generation_da = [da for c in self.circuits for da in c.generation_da]
        self.leaves_first = self._leaves_first()
        self._rule_9_shared(facts.get("buses", []))  # type: ignore[arg-type]
        for evse in self.evses:
            evse.keys = self.keys_of(evse.circuit, evse.terminals)
            evse.require_tested = bool(facts.get("require_tested", False))
        self.below = [[e.index for e in self.evses if c in self.paths[e.circuit]] for c in range(len(circuits))]

    def _rule_9_shared(self, buses: "list[dict[str, object]]") -> None:
        """A watchdog fed by any request counts on TCP only where nobody else can send one."""
        for evse in self.evses:
            bus = buses[evse.bus] if 0 <= evse.bus < len(buses) else {}
            if evse.poll_feeds and (bus.get("kind") == "tcp" or bus.get("over_tcp")) and not bus.get("private") and not evse.one_client:
                evse.shared_feed = evse.watchdog_ms > 0
                evse.watchdog_ms = 0

    def _path(self, circuit: int) -> tuple[int, ...]:
        path: list[int] = []
        while circuit != -1:
            if not 0 <= circuit < len(self.circuits):
                raise Rejected("circuit.parent", circuit, "an index of the circuit list")
            if circuit in path:
                raise Rejected("circuit.parent", self.circuits[circuit].name, "a tree without cycle")
            path.append(circuit)
            circuit = self.circuits[circuit].parent
        return tuple(path)

    def _leaves_first(self) -> list[int]:
        """Circuit indexes, each before its parent; deeper first, then by index."""
        keyed = [(-len(path), index) for index, path in enumerate(self.paths)]
        keyed.sort()
        return [index for _, index in keyed]

    def keys_of(self, circuit: int, terminals: list[list[int]]) -> tuple[int, ...]:
        """Flat indexes that one ampere on each of these terminals loads, up to the root."""
        if not 0 <= circuit < len(self.circuits):
            raise Rejected("evse.circuit", circuit, "an index of the circuit list")
        keys = []
        for node in self.paths[circuit]:
            for terminal in terminals:
                for phase in terminal:
                    if not 0 <= phase < self.phases:
                        raise Rejected("evse.terminals", terminal, "supply phases 0..%d" % (self.phases - 1))
                    keys.append(node * self.phases + phase)
        return tuple(keys)

    def phase_name(self, key: int) -> str:
        """"garage L2" for a flat index."""
        return "%s L%d" % (self.circuits[key // self.phases].name, key % self.phases + 1)

    def setting(self, name: str, default: int) -> int:
        value = self.settings.get(name)
        return default if value is None else value


def per_phase(value: object, phases: int) -> list[int]:
    """A number for every phase, or a list of one per phase, as a list of ints in da."""
    if isinstance(value, int):
        return [value] * phases
    if not isinstance(value, (list, tuple)) or len(value) != phases:
        raise Rejected("per phase", value, "a number or a list of %d" % phases)
    return [int(da) for da in value]
