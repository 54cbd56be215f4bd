"""What the primary knows of one EVSE at this moment: orders, reports, measurements, silence."""

from ampacity.circuit.evidence import Evidence
from ampacity.circuit.orders import OrderBook
from ampacity.circuit.tree import Evse

LONG_AGO_MS = -(1 << 40)


class Standing:
    """The mutable half of an EVSE; only the ledger writes it."""

    def __init__(self, evse: Evse, phases: int, now_ms: int) -> None:
        self.evse = evse
        self.index = evse.index
        self.evidence = Evidence(evse)
        self.book = OrderBook(evse.settle_ms, evse.transit_ms)
        self.on_keys: tuple[int, ...] = evse.keys  # loaded by the present order (rule 14)
        self.off_keys: tuple[int, ...] = ()  # open now, closed again at the reserve
        self.old_keys: tuple[int, ...] = ()  # of the site before its change (rule 15)
        self.set_terminals: "list[int] | None" = None
        self.set_gone_ms = -1  # a narrower phase set is proven since then
        self.bound_da = 0
        self.reserve_da = 0
        self.silent = True
        self.heard_ever = False
        self.proved = False  # since start or since it was last lost
        self.ok = False  # may be raised: it answers, was audited and proven
        self.isolated = False
        self.lapsed = False  # its silence ran its time
        self.on_trial = False  # its watchdog is under test: nothing is released for its silence meanwhile
        self.memory_da = 0  # what a frame may revive after that
        self.other_ms = now_ms  # the last frame that may keep more than the reserve alive
        self.reported_da = 0
        self.reported_old_da = 0  # a higher report that has not settled
        self.reported_until_ms = LONG_AGO_MS
        self.measured_da = 0
        self.measured_ms = LONG_AGO_MS
        self.sent_da = -1  # the last order of this life
        self.paused_proven = False  # stood proven and settled at its least in this life
        self.phase_da = [0] * phases
        self.above_ms = -1  # draws above its order since (rule 10)
        self.zero_ms = -1  # draws nothing since
        self.disobeys = False
        self.disobeyed_da = 0
        self.disobeyed_ms: list[int] = []
        self.rung = 0  # of the ladder of rule 10
        self.rung_ms = -1
        self.feeder_open = False  # its feeder was told to open, and seen so
        self.contactor_open = False  # seen so since it was told to open
        self.locked = ""  # why it stays out until a person resets it
        self.hearing_ms = LONG_AGO_MS  # an order <= its reserve was answered last
        self.needs_room_ms = LONG_AGO_MS  # a read was refused for want of margin
        self.refusals = 0
        self.surplus_da = 0  # what it makes of an order beyond what was wanted
        self.hold_until_ms = LONG_AGO_MS
        self.lower_ms = -1  # an order below the bound is out since, and the bound has not fallen
