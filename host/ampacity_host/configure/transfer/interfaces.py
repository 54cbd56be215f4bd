"""What a way to the configuration of a controller has: its console, or the MicroPython prompt of a bare board."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

Report = Callable[[str, int, int], None]  # what, bytes done, bytes in all


class Refusal(Exception):
    """The controller refused; its own words, which begin with the field."""


class Unreachable(Exception):
    """No controller answers there; the text names the place."""


class Active(NamedTuple):
    """The active configuration: facts without secrets, the paths of its secrets, SHA-256 of the deterministic CBOR of the facts."""

    facts: dict[str, Any]
    secrets: list[str]
    sha256: str


class Way(Protocol):
    """A connection to one controller. Every method raises Refusal or Unreachable."""

    def active(self, report: Report) -> Active:
        """What is active."""

    def settings(self) -> dict[str, Any]:
        """`settings`: those that differ from their default, as `set` takes them; `secrets`: keys of settings that are secrets."""

    def send(self, facts: dict[str, Any], minutes: int, confirm: bool, report: Report) -> dict[str, Any]:
        """Replaces the configuration as a whole, or nothing. What the controller said of it: changes, kept and missing secrets."""

    def set_settings(self, settings: dict[str, str]) -> list[str]:
        """Puts settings in force together; a line for each that changed."""

    def close(self) -> None:
        """Ends the connection."""
