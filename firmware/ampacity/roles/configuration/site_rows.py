"""Rows of the compiled site, as they are read while it runs."""

if False:  # for the type checker
    from typing import Any

    from ampacity.roles.interfaces import SiteFacts


class SharedRow:
    """The facts of an EVSE as a read-only mapping: its own fields, and for all others those of another EVSE, which are kept once."""

    def __init__(self, own: "dict[str, Any]", rest: "dict[str, Any]") -> None:
        self._own = own
        self._rest = rest

    def __getitem__(self, field: str) -> "Any":
        own = self._own
        return own[field] if field in own else self._rest[field]

    def __contains__(self, field: str) -> bool:
        return field in self._own or field in self._rest

    def get(self, field: str, default: "Any" = None) -> "Any":
        """As of a dict."""
        return self[field] if field in self else default

    def whole(self) -> "dict[str, Any]":
        """All its facts as a dict of their own."""
        facts = dict(self._rest)
        facts.update(self._own)
        return facts


def endpoint(item: "SiteFacts", bus: "SiteFacts") -> "tuple[Any, int]":
    """(host, port) of a TCP device: its own where it names one, else its bus's."""
    return (item.get("host") or bus.get("host"), item.get("tcp_port") or bus.get("tcp_port") or 502)


def spread(terminals: "list[list[int]]", per_terminal: "list[int]", phases: int) -> "list[int]":
    """Per-terminal integers as a list per supply phase; a terminal between two lines counts on both."""
    out = [0] * phases
    for n, lines in enumerate(terminals):
        value = per_terminal[n] if n < len(per_terminal) else 0
        for line in lines:
            out[line] += value
    return out
