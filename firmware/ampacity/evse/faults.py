"""Which fault ends how. A fault that was seen stays until its own rule lets it go; the charging point is off until then."""

# until: "gone" it is no longer seen; "unplug" no longer seen, and the car was unplugged; "reset" a person clears it.
# A residual current and what concerns the car's side ask for a hand on the plug: no reclosing by itself (8.5).
UNTIL = {
    "rcm": "unplug",
    "diode": "unplug",
    "proximity": "unplug",
    "contactor": "unplug",
    "emergency_stop": "unplug",
    "lock_failed": "unplug",
    "unread": "unplug",  # a fault was kept, and cannot be read
    "overtemperature": "gone",
    "pe_lost": "gone",
    "pilot": "gone",
    "input": "gone",
    "welded": "reset",
    "locked_out": "reset",
}


class FaultLatch:
    """The faults that count now, by name. `until`: per name another rule than UNTIL, e.g. {"rcm": "reset"}."""

    def __init__(self, until: "dict[str, str] | None" = None) -> None:
        self._until = until or {}
        self._present: "tuple[str, ...]" = ()
        self.names: "list[str]" = []

    def see(self, present: "tuple[str, ...]") -> None:
        """present: names of all faults seen now."""
        self._present = present
        for name in present:
            if name not in self.names:
                self.names.append(name)

    def settle(self) -> None:
        """The time at "not available" is over: those that only had to go, go."""
        self.names = [name for name in self.names if name in self._present or self._rule(name) != "gone"]

    def unplugged(self) -> None:
        """The car was seen unplugged."""
        self.names = [name for name in self.names if name in self._present or self._rule(name) != "unplug"]

    def reset(self) -> None:
        """A person clears whatever is no longer there."""
        self.names = [name for name in self.names if name in self._present]

    def waiting(self) -> "list[str]":
        """Those that no time and no power cut may end: they wait for a hand on the plug, or for a person. Not the lock-out,
        which is kept by who is responsible for the whole."""
        return [name for name in self.names if name != "locked_out" and self._rule(name) != "gone"]

    def blocks(self) -> bool:
        """Must the pilot say "not available"? So long as a fault is seen, or waits for a person."""
        for name in self.names:
            if name in self._present or self._rule(name) == "reset":
                return True
        return False

    def _rule(self, name: str) -> str:
        return self._until.get(name) or UNTIL.get(name, "gone")
