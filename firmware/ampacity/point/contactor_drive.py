"""The contactors of one outlet: coils with a duty that holds them, feedback, and the weld check before each closing.

All contactors move together. Feedback that is not settled does not count. After each opening, and after the start, the mains sense
behind the contactor must be without voltage before it closes again: until that is known an order to close waits, and the plug stays locked.
"""

if False:  # for the type checker
    from ampacity.point.interfaces import Facts

SETTLE_MS_MAX = 900  # the machine looks at the feedback 1 s after its order (evse/contactor.py)


class ContactorDrive:
    """`closed`: state of the coils. `seen`: True closed, False open, None not known. `welded`: seen closed though open.
    `changed_ms`: last edge. contactors, welds: tables of the board.
    """

    def __init__(self, contactors: "list[Facts]", welds: "list[Facts]", now_ms: int) -> None:
        self._contactors = contactors
        self._settle_ms = min(SETTLE_MS_MAX, max([each["settle_ms"] for each in contactors] or [0]))
        self._weld_ms: int = max([each["settle_ms"] for each in welds] or [0])
        self.closed = False
        self.seen: "bool | None" = None
        self.welded = False
        self.changed_ms = now_ms
        self._checked = False

    @property
    def may_close(self) -> bool:
        """Was it seen open since the last edge, long enough for the mains sense?"""
        return self._checked and not self.welded

    def command(self, closed: bool, now_ms: int) -> None:
        """Switch the coils; closing waits until `may_close`, opening never."""
        if closed == self.closed or (closed and not self.may_close):
            return
        self.closed = closed
        self.changed_ms = now_ms
        self._checked = False

    def step(self, feedback: "list[bool]", weld: "list[bool]", now_ms: int) -> None:
        """One reading of all mirror contacts and mains senses; each list is empty where the board has none."""
        passed_ms = now_ms - self.changed_ms
        if passed_ms < self._settle_ms:
            return
        if self.closed:
            self.seen = all(feedback) if feedback else all(weld) if weld else None
            return
        self._checked = passed_ms >= self._weld_ms
        live = self._checked and any(weld)
        self.welded = any(feedback) or live
        self.seen = self.welded if feedback or (weld and self._checked) else None

    def coil_permille(self, index: int, now_ms: int) -> int:
        """Duty of one coil: 0 open, 1000 while it closes, then the duty that holds it."""
        if not self.closed:
            return 0
        facts = self._contactors[index]
        permille: int = 1000 if now_ms - self.changed_ms < facts["close_ms"] else facts["hold_permille"]
        return permille
