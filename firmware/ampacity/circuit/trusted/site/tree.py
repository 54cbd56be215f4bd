"""The site tree: circuits, EVSEs, and which circuit and phase each terminal loads.

Sums over the tree are the heart of every check, so each EVSE carries its `keys`: the flat indexes
`circuit * phases + phase` that one ampere of its order loads, from its own circuit up to the root.
A terminal between two lines (120/240 split phase, 208 V wye) loads both of its lines with its
current; a line that two terminals share appears twice. The sums are then plain additions.
"""

from ampacity.circuit.trusted.errors import Rejected

SETTLE_MS_MIN = 5000  # IEC 61851-1 Annex A: a car has 5 s to follow a lower pilot
TOLERANCE_MS_MIN = 1000
AS_TOLD = (
    "bus", "circuit", "max_da", "min_da", "priority", "fallback_da", "power_on_da", "transit_ms", "boot_ms", "fingerprint",
)  # fmt: skip
FLAGS = ("watchdog_fixed", "survives", "holds", "poll_feeds", "one_client", "primary", "removed", "by_power")


class Circuit:
    """One node: what may flow (rating_da per phase), and what else may draw there."""

    removed = False  # of the site before its change (rule 15): no path leads there now

    def __init__(self, index: int, facts: dict[str, object], phases: int) -> None:
        self.index = index
        if facts.get("gone"):
            self.removed = True
        self.name: str = facts["name"]  # type: ignore[assignment]
        self.parent: int = facts.get("parent", -1)  # type: ignore[assignment]
        self.rating_da = per_phase(facts["rating_da"], phases)
        self.assumed_da = per_phase(facts.get("assumed_other_da", 0), phases)
        self.generation_da = per_phase(facts.get("generation_da", 0), phases)
        self.meter: int = facts.get("meter", -1)  # type: ignore[assignment]
        self.breaker = facts.get("breaker")
        self.frees_phases = bool(facts.get("frees_phases"))  # what a car does not use is given to others (rule 14)


class Evse:
    """One leaf: the constants of an EVSE that the ledger needs, all from the site facts.

    The values here are those of most EVSEs; only differing values are kept in the object.
    """

    kind = "ampacity"
    bus = -1
    circuit = 0
    max_da = 0
    limit_da = 0
    min_da = 60
    priority = 1
    weight = 1
    fallback_da = 0
    watchdog_ms = 10000
    tolerance_ms = TOLERANCE_MS_MIN
    watchdog_fixed = False
    fallback_fixed = False
    power_on_da = 0
    power_on_source = "settings"
    settle_ms = 0
    transit_ms = 0
    boot_ms = 500
    survives = True
    holds = False
    by_measure = False  # it cannot show the limit in force: a car that draws proves it
    poll_feeds = False
    fingerprint: "str | None" = None
    feeder_output = ""
    one_client = False
    primary = False  # a primary with EVSEs below (rule 13): it reports Σ of their bounds
    require_tested = False  # of the site: what was only declared counts when a commissioning test has seen it
    removed = False  # it left the site file, and counts at its old place (rule 15)
    by_power = False  # an order counts as if one phase drew it all; only one of the maximum is one of all phases
    shared_feed = False  # its watchdog is fed by requests, and others may send some (rule 9)
    keys: tuple[int, ...] = ()

    def __init__(self, index: int, facts: dict[str, object], settle_ms_min: int) -> None:
        self.index = index
        self.name: str = facts["name"]  # type: ignore[assignment]
        self.terminals: list[list[int]] = facts["terminals"]  # type: ignore[assignment]
        self._keep("kind", facts.get("kind") or "profile")
        self._keep("power_on_source", facts.get("power_on_source") or "unknown")
        self._keep("watchdog_ms", facts.get("watchdog_ms") or 0)
        self._keep("tolerance_ms", facts.get("watchdog_tolerance_ms") or 0)
        for name in AS_TOLD:
            self._keep(name, facts.get(name))
        for name in FLAGS:
            self._keep(name, bool(facts.get(name)))
        self._keep("limit_da", min(_number(facts, "limit_da", self.max_da), self.max_da))
        self._keep("weight", max(1, _number(facts, "weight", 1)))
        self._keep("fallback_fixed", bool(facts.get("fallback_fixed", self.watchdog_fixed)))
        self._keep("settle_ms", max(settle_ms_min, _number(facts, "settle_ms", 0)) + _number(facts, "latency_ms", 0))
        self._keep("by_measure", facts.get("proof") == "measured")
        self._keep("feeder_output", facts.get("feeder_output"))

    def _keep(self, name: str, value: object) -> None:
        if value is not None and value != getattr(self, name):
            setattr(self, name, value)

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
        self.leaves_first = self._leaves_first()
        self.assumed_da = [da for c in self.circuits for da in c.assumed_da]
        self.generation_da = [da for c in self.circuits for da in c.generation_da]
        self._add_up()
        self._rule_9_shared(facts.get("buses", []))  # type: ignore[arg-type]
        for evse in self.evses:
            evse.keys = self._same_keys(evse) or self.keys_of(evse.circuit, evse.terminals)
            if facts.get("require_tested"):
                evse.require_tested = True
        self.below = [[e.index for e in self.evses if c in self.paths[e.circuit]] for c in range(len(circuits))]

    def _rule_9_shared(self, buses: "list[dict[str, object]]") -> None:
        """A watchdog fed by any request counts on TCP only if no other client can send one."""
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

    def _add_up(self) -> None:
        """A circuit carries what its children's others draw, and what they feed in.

        assumed_da concerns the whole subtree: it is never less than the children's together. generation_da is of its
        own circuit alone: it is added to the children's.
        """
        below_da = [0] * self.size
        for c in self.leaves_first:
            parent = self.circuits[c].parent
            for key in range(c * self.phases, (c + 1) * self.phases):
                self.assumed_da[key] = max(self.assumed_da[key], below_da[key])
                if parent >= 0:
                    up = (parent - c) * self.phases + key
                    below_da[up] += self.assumed_da[key]
                    self.generation_da[up] += self.generation_da[key]

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

    def _same_keys(self, evse: Evse) -> tuple[int, ...]:
        """Those of the previous EVSE if it is in the same place, else ()."""
        before = self.evses[evse.index - 1] if evse.index else evse
        return before.keys if before.circuit == evse.circuit and before.terminals == evse.terminals else ()

    def phase_name(self, key: int) -> str:
        """"garage L2" for a flat index."""
        return "%s L%d" % (self.circuits[key // self.phases].name, key % self.phases + 1)

    def setting(self, name: str, default: int) -> int:
        """A number of the settings of the site, or the default where it is not set."""
        value = self.settings.get(name)
        return default if value is None else value


def _number(facts: dict[str, object], name: str, default: int) -> int:
    value = facts.get(name)
    return default if value is None else value  # type: ignore[return-value]


def per_phase(value: object, phases: int) -> list[int]:
    """A number for every phase, or a list of one per phase, as a list of ints in da."""
    if isinstance(value, int):
        return [value] * phases
    if not isinstance(value, (list, tuple)) or len(value) != phases:
        raise Rejected("per phase", value, "a number or a list of %d" % phases)
    return [int(da) for da in value]
