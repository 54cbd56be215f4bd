"""The lock of a socket: a motor that runs for a set time, a sense input that shows its position, and some tries."""

if False:  # for the type checker
    from ampacity.point.interfaces import Facts

LOST_MS = 500  # a plug that was held and is not for so long: no energy, whatever the motor may still do
LOST_PER_HELD = 10  # of a sense that comes and goes: so many ms in which it holds make up for one in which it does not
UNLOCK_RUNS = 100  # times `run_ms` between two tries to unlock after the first ones: the motor runs for less than 1 % of the time
START_MS = 1000  # nothing moves before the owner had time to say what it keeps locked


class LockMotor:
    """`lock`, `unlock`: its two drives, never both. `failed`: it is not where it was ordered to be after all tries, or held the plug and no longer
    does. `holds`: it was ordered to lock, and its sense shows that it did. A lock that should be open is tried on, slowly: a person may hold
    its plug under load, and none may be there to enter `unlock`.

    facts: table `lock` of the board.
    """

    def __init__(self, facts: "Facts", now_ms: int) -> None:
        self._facts = facts
        self.lock = self.unlock = False
        self.failed = self.holds = False
        self._ordered: "bool | None" = None
        self._tries = 0
        self._runs_once = False  # after a failure also where the sense shows no need: the pin may be half-way
        self._lost: "int | None" = None  # tenths of ms, since it held the plug; None: it did not yet
        self._seen_ms = now_ms
        self._begun_ms: "int | None" = None
        self._free_ms = now_ms + START_MS

    def step(self, ordered: bool, locked: bool, may_unlock: bool, now_ms: int) -> None:
        """ordered: locked or not; locked: by its sense; may_unlock: the contactor was seen open after its last edge."""
        self.holds = ordered and locked
        if ordered != self._ordered:
            self._ordered = ordered
            self._tries = 0
            self._runs_once = self.failed
        passed_ms, self._seen_ms = now_ms - self._seen_ms, now_ms
        if not ordered:
            self._lost = None
        elif locked:
            self._lost = max(0, (self._lost or 0) - passed_ms)
        elif self._lost is not None and self._lost < LOST_PER_HELD * LOST_MS:
            self._lost += LOST_PER_HELD * passed_ms
            self.failed = self.failed or self._lost >= LOST_PER_HELD * LOST_MS
        if self._begun_ms is not None:
            if now_ms - self._begun_ms < self._facts["run_ms"]:
                return
            self._stop(now_ms)
        if now_ms < self._free_ms:
            return
        if locked == ordered and not self._runs_once:
            self.failed, self._tries = False, 0
            return
        spent = self._tries >= self._facts["tries"]
        self.failed = self.failed or spent
        pause_ms = UNLOCK_RUNS * self._facts["run_ms"] if spent else 0
        if (not spent if ordered else may_unlock) and now_ms - self._free_ms >= pause_ms:
            self._run(ordered, now_ms)

    def again(self) -> None:
        """A person, or the CSMS: as many tries as with a new order."""
        self._tries = 0
        self._runs_once = self.failed

    def _run(self, lock: bool, now_ms: int) -> None:
        self.lock, self.unlock = lock, not lock
        self._tries += 1
        self._runs_once = False
        self._begun_ms = now_ms

    def _stop(self, now_ms: int) -> None:
        self.lock = self.unlock = False
        self._begun_ms = None
        self._free_ms = now_ms + self._facts["rest_ms"]
