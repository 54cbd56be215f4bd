"""A start of a primary that leads nowhere: what a start refuses is refused before a configuration is on trial, by the same code.

Loaded for that only. It makes a whole primary from the new configuration, with a platform that has no file, no pin and no line, and forgets it.
"""

from ampacity.base.log import Log

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.clock import Clock
    from ampacity.base.rng import Rng
    from ampacity.roles.interfaces import RolePlatform, SiteFacts
    from ampacity.store.interfaces import Content, Names

LOG_LINES = 4


class NoFiles:
    """A files door of an empty medium that keeps nothing."""

    def read(self, name: str) -> "bytes | None":
        """No such file."""
        return None

    def part(self, name: str, at: int, size: int) -> bytes:
        """Of no file: nothing."""
        return b""

    def holds(self, name: str, pieces: "Content") -> bool:
        """Does the file have this content? No."""
        return False

    def append(self, name: str, data: bytes) -> None:
        """Nothing is kept."""

    def replace(self, name: str, data: "Content") -> None:
        """Nothing is kept."""

    def sync(self, name: str) -> None:
        """Nothing is kept."""

    def remove(self, name: str) -> None:
        """There is nothing."""

    def list(self) -> "Names":
        """Of the names: none."""
        return []


class NoPlatform:
    """What a start asks of a platform. clock, rng: of the one that runs."""

    folder = ""
    data_files = connect = abort = None

    def __init__(self, clock: "Clock", rng: "Callable[[], Rng]") -> None:
        self.clock = clock
        self.rng = rng
        self.files = NoFiles()
        self.boot: "dict[str, Any]" = {}
        self.events: "list[Any]" = []
        self.faults: "dict[str, Any]" = {}
        self.watchdog = None

    def rtc_ms(self) -> "int | None":
        """No clock of the day."""
        return None

    def power_mark(self) -> str:
        """None is known."""
        return ""

    def reset_reason(self) -> str:
        """None is known."""
        return "unknown"

    def evse_hardware(self, name: str) -> "Any":
        """None: a start makes a stand-in."""
        return None

    def output(self, name: str) -> "Any":
        """No pin."""
        return None

    def input(self, name: str) -> "Any":
        """No pin."""
        return None

    def key_door(self) -> "Any":
        """No secure element."""
        return None

    def client_tls(self, credentials: "Any") -> "Any":
        """No context; the credentials were parsed."""
        return None

    server_tls = client_tls


def rehearse(make: "Callable[[Any, SiteFacts, Log], object]", site: "SiteFacts", platform: "RolePlatform") -> None:
    """Raises Rejected as a start with this site would. make: what a start calls; platform: of the controller that runs, untouched.

    Where the memory does not suffice for a second primary the start itself has to judge: refused on trial, the previous one returns at once.
    """
    try:
        make(NoPlatform(platform.clock, platform.rng), site, Log(LOG_LINES))
    except MemoryError:
        pass
