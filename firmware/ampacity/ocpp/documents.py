"""The store's settings, and what happens when they cannot be written.

A request of the CSMS that needs keeping fails with the write (`put` raises OSError, the answer is InternalError), also where it is
longer than the store keeps. What happens at an EVSE has happened, kept or not: `try_put` and `try_remove` count the failure and continue;
the medium is asked again (`tick`) until it takes the write, or the document is written again or removed.
"""

from ampacity.base.compat import const
from ampacity.base.strict_json import dumps, loads

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.ocpp.messages import Documents

_ENOSPC = const(28)
_AGAIN_MS = const(2000)  # after a medium refused
NUMBERS = "ocpp_evses"  # provisioning/evse_numbers.py; what is kept by EVSE number, by the beginning of its name:
BY_NUMBER = ("ocpp_available", "ocpp_profile", "ocpp_held", "ocpp_list", "ocpp_cache", "ocpp_monitors", "ocpp_reservations", "ocpp_message",
             "ocpp_tx_", "ocpp_signed_", "ocpp_gone")


class StationDocuments:
    """The store's documents by name, with a counter for what could not be written.

    `writes`: how often the medium was to be written so far. A pass over all EVSEs ends when it has risen: on a slow medium the rest waits for
    the next one.
    """

    def __init__(self, documents: "Documents", log: "Log") -> None:
        self._documents = documents
        self._log = log
        self.writes = 0
        self._owed: "list[tuple[str, Any, str]]" = []  # what is still to be written: (name, document or None: it goes, the name that goes first)
        self._ordered: "list[str]" = []  # of `put_later`: nothing else is written there before
        self._again_ms = 0
        self.then: "Callable[[int], object] | None" = None  # called once, with now_ms, when the medium has the present numbers

    def numbers_differ(self, places: "list[list[str]]") -> bool:
        """Has an EVSE another number, name or address than at the last start, or was a move interrupted (provisioning/evse_numbers.py)? places:
        [address, name] of each EVSE."""
        known, moved = self.get(NUMBERS), self.get("ocpp_moved")
        if known is None and moved is None:  # the first start, or the medium does not give them: nothing moves, and the next start asks again
            try:
                self.put(NUMBERS, {"here": places, "gone": []})
            except OSError:
                self._log.counter("ocpp_not_kept")
            return False
        return moved is not None or bool(known["here"] != places)

    def get(self, name: str) -> "Any":
        """The document, or None; of what is still to be written the value that it is to get."""
        for owed, value, _ in self._owed:
            if owed == name:
                text = b"" if value is None else dumps(value).encode()
                return loads(text, len(text)) if text else None
        return self._documents.get(name)

    def names(self) -> "list[str]":
        """Of all documents; none if the medium does not give them."""
        try:
            return self._documents.names()
        except OSError:
            return []

    def damaged(self, name: str) -> bool:
        """Was there a document that could not be read?"""
        return name in self._documents.damaged

    def distrust(self, name: str, why: str) -> None:
        """Its fields contradict each other, or are not possible here: it counts as damaged."""
        self._documents.distrust(name, why)

    def put(self, name: str, value: object) -> None:
        """None: it goes. OSError: the old document is still there."""
        if name in self._ordered or self._is_early(name):
            raise OSError(_ENOSPC, "what was there before is still to be written")
        try:
            self._write(name, value)
        except ValueError as e:
            raise OSError(_ENOSPC, str(e))

    def try_put(self, name: str, value: object) -> bool:
        """False if it could not be kept yet."""
        return self._try(name, value)

    def try_remove(self, name: str) -> bool:
        """False if the document is still there."""
        return self._try(name, None)

    def remove_later(self, name: str, after: str) -> None:
        """Nothing refers to this document any more, once the document `after` is written: it is removed in a later pass, unless it is written
        before."""
        self._settled(name)
        self._owed.append((name, None, after))

    def put_later(self, name: str, value: object, after: str) -> None:
        """Write this (None: it goes) once `after` is written, which waits already; `get` gives it from now on. Until then `put` of this name
        fails, and `try_put` has its turn."""
        self.remove_later(name, after)
        self._owed[-1] = (name, value, after)
        self._ordered.append(name)

    def waits(self, name: str) -> bool:
        """Is it still to be written?"""
        return name in [owed for owed, _, _ in self._owed]

    def _is_early(self, name: str) -> bool:
        """Is it kept by EVSE number, and the medium does not have the present numbers yet?"""
        return bool(self._owed) and self.waits(NUMBERS) and any([name.startswith(each) for each in BY_NUMBER])

    def is_owed(self) -> bool:
        """Has the medium refused what a restart must not lose?"""
        return any([not after or name in self._ordered for name, _, after in self._owed])

    def tick(self, now_ms: int) -> "int | None":
        """Write one of what is still to be written; when to come again, or None."""
        if not self._owed or now_ms < self._again_ms:
            return self._again_ms if self._owed else None
        names = [item[0] for item in self._owed]
        turn = ([item for item in self._owed if item[2] not in names] or self._owed)[0]
        try:
            self._write(turn[0], turn[1])
        except ValueError:  # it is too long
            self._settled(turn[0])
            return now_ms
        except (OSError, MemoryError):
            self._owed.remove(turn)
            self._owed.append(turn)
            self._again_ms = now_ms + _AGAIN_MS
            return self._again_ms
        if turn[0] == NUMBERS and self.then is not None:
            then, self.then = self.then, None
            then(now_ms)
        return now_ms if self._owed else None

    def _write(self, name: str, value: object) -> None:
        self.writes += 1
        if value is None:
            self._documents.remove(name)
        else:
            self._documents.put(name, value)
        self._settled(name)

    def _owe_instead(self, name: str, value: object) -> None:
        """Another content in the same turn; a removal that waited for another document waits no longer."""
        self._owed = [(name, value, item[2] if name in self._ordered else "") if item[0] == name else item for item in self._owed]

    def _settled(self, name: str) -> None:
        before = [item[2] for item in self._owed if item[0] == name]  # what waits for this one waits for that
        self._owed = [(each, value, before[0] if before and after == name else after) for each, value, after in self._owed if each != name]
        if name in self._ordered:
            self._ordered.remove(name)

    def _try(self, name: str, value: object) -> bool:
        if name in self._ordered:
            self._owe_instead(name, value)
            return False
        if self._is_early(name):
            self.put_later(name, value, NUMBERS)
            return False
        try:
            self._write(name, value)
            return True
        except OSError:
            if self.waits(name):
                self._owe_instead(name, value)
            else:
                self._owed.append((name, value, ""))
        except ValueError:  # it is too long, permanently
            pass
        self._log.counter("ocpp_not_kept")
        return False
