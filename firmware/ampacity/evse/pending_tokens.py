"""Cards shown before the EVSE that they are meant for was heard for the first time: kept, then decided.

After a start a device on a bus answers within seconds; until then it is unknown whether it may charge, and a refusal
would send a driver away from a healthy charging point.
"""

if False:  # for the type checker
    from collections.abc import Callable

KEEP_MS = 30000


class PendingTokens:
    """One card for each EVSE, and one for the site's reader (index None); a later one takes its place."""

    def __init__(self) -> None:
        self._kept: "dict[int | None, tuple[str, str, int]]" = {}

    def keep(self, index: "int | None", token: str, kind: str, now_ms: int) -> None:
        """Until the EVSE is heard, at most KEEP_MS; with index None until any is."""
        self._kept[index] = (token, kind, now_ms + KEEP_MS)

    def take(self, heard: "Callable[[int | None], bool]", now_ms: int) -> "list[tuple[int | None, str, str, bool]]":
        """[(index, token, kind, given up?)] of those whose EVSE was heard (heard(index)), or whose time is over."""
        out = []
        for index in list(self._kept):
            token, kind, until_ms = self._kept[index]
            known = heard(index)
            if known or now_ms >= until_ms:
                del self._kept[index]
                out.append((index, token, kind, not known))
        return out
