"""The profiles that the CSMS installed, kept over restarts (K01 to K10). What they come to: in_force.py."""

from ampacity.ocpp.documents import NUMBERS
from ampacity.ocpp.smart_charging.profile import Profile

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message

INDEX = "ocpp_profiles"
DOC = "ocpp_profile_%d"


class ProfileStore:
    """`all`: the profiles that can be read. `unread`: [id or None, EVSE] of those that were installed and cannot: no current there. `away`: [id,
    EVSE] of EVSEs that left the site file (provisioning/evse_numbers.py): they wait for them."""

    def __init__(self, station: "StationFace", entries_max: int) -> None:
        self._station = station
        self._documents = station.documents
        self.entries_max = entries_max
        self._waiting: "dict[int, tuple[int, Message]]" = {}  # EVSE id -> (remoteStartId, profile that came with it)
        self.all: "list[Profile]" = []
        self.unread: "list[list[Any]]" = []
        rows = self._rows()
        self.away = self._of_gone(rows)
        for profile_id, evse_id in [row for row in rows if row not in self.away]:
            profile = None if profile_id is None else self._read(profile_id, evse_id)
            if profile is not None:
                self.all.append(profile)
                continue
            evse_id = evse_id if station.evse(evse_id) is not None else 0
            self.unread.append([profile_id, evse_id])
            text = "charging profile %s of EVSE %d is not readable: 0 A there until the CSMS sets or clears profiles"
            station.log.add("error", text % ("(all)" if profile_id is None else profile_id, evse_id), station.now_ms)
        known = [row[0] if row[0] is None else DOC % row[0] for row in rows]
        if None not in known:  # what a power cut left of profiles that were cleared
            for name in self._documents.names():
                if name.startswith(INDEX[:-1] + "_") and name not in known:
                    self._documents.remove_later(name, INDEX)

    def _of_gone(self, rows: "list[list[Any]]") -> "list[list[Any]]":
        """Those of the numbers behind the station's that EVSEs have which left the site file."""
        count = len(self._station.evses)
        away = [row for row in rows if row[0] is not None and row[1] > count]
        known = self._documents.get(NUMBERS) if away else None
        return [row for row in away if known is not None and row[1] <= count + len(known["gone"])]

    def _rows(self) -> "list[list[Any]]":
        rows = self._documents.get(INDEX)
        return [[None, 0]] if rows is None and self._documents.damaged(INDEX) else rows or []

    def _read(self, profile_id: int, evse_id: int) -> "Profile | None":
        """A profile that was kept; None: it is gone, or it could not have been installed as it is."""
        name = DOC % profile_id
        document = self._documents.get(name)
        if document is None:
            return None
        try:
            from ampacity.ocpp.smart_charging.acceptance import SCHEDULES_MAX, refusal

            why = refusal(document, (), SCHEDULES_MAX) or ("" if document["id"] == profile_id else "id is another")
            if document["chargingProfilePurpose"] == "TxProfile" and "transactionId" not in document:
                why = "transactionId is missing"
            if not why:
                return Profile(document, evse_id)
        except ValueError as e:  # a date that is none
            why = str(e)
        self._documents.distrust(name, why)
        return None

    def _still_unread(self, profile_id: "int | None", evse_id: "int | None") -> "list[list[Any]]":
        """The CSMS says what holds for this id at this EVSE; None: whatever its id, or its EVSE."""
        return [row for row in self.unread
                if profile_id is not None and row[0] not in (None, profile_id) or evse_id is not None and row[1] != evse_id]

    def _index(self, profiles: "list[Profile]", unread: "list[list[Any]]", without: "int | None" = None) -> "list[list[Any]]":
        return _index(profiles, unread + [row for row in self.away if row[0] != without])

    def forget_closed(self) -> None:
        """After a restart: TxProfiles whose transaction is over."""
        find = self._station.transactions.find
        self.remove([p for p in self.all if p.purpose == "TxProfile" and find(p.transaction_id) is None])  # type: ignore[arg-type]

    def refusal(self, evse_id: int, document: "Message", now_ms: int) -> "str | None":
        """Reason code why this profile cannot be installed, or None."""
        from ampacity.ocpp.smart_charging.acceptance import SCHEDULES_MAX, placed

        evse = self._station.evse(evse_id) if evse_id else None
        several = evse is not None and evse.tx is not None and evse.tx.needs_told and document["chargingProfilePurpose"] == "TxProfile"
        return placed(self._station, evse_id, document) or self._refusal(evse_id, document, SCHEDULES_MAX if several else 1)

    def _refusal(self, evse_id: int, document: "Message", schedules_max: int) -> "str | None":
        from ampacity.ocpp.smart_charging.acceptance import clash, refusal

        station = self._station
        evses = [p for p in station.evses if evse_id in (0, p.id)]
        units = station.model.words("SmartChargingCtrlr", "RateUnit")
        reason = refusal(document, evses, schedules_max, units)
        if reason:
            return reason
        new = Profile(document, evse_id)
        if clash(new, self.all, self.entries_max):
            self._remove_over()
        return clash(new, self.all, self.entries_max)

    def _remove_over(self) -> None:
        """Profiles whose validTo has passed, whichever time of the clock is true, can never hold again: they make room."""
        station, now_ms = self._station, self._station.now_ms
        now_s, clock = station.in_force.now_s(now_ms)
        if clock:
            now_s = min([now_s] + [unix_ms // 1000 for unix_ms in station.wallclock.others_ms(now_ms)])
            self.remove([p for p in self.all if p.valid_to_s <= now_s])

    def install(self, evse_id: int, document: "Message") -> None:
        """Keep a profile that `refusal` let pass; one with its id goes."""
        profile = Profile(document, evse_id)
        placed = [p for p in self.all if p.id != profile.id] + [profile]
        unread = [row for row in self._still_unread(profile.id, evse_id or None) if row[0] != profile.id]
        name = DOC % profile.id
        before = self._documents.get(name) if len(placed) <= len(self.all) else None
        self._documents.put(name, document)
        try:
            self._documents.put(INDEX, self._index(placed, unread, profile.id))
        except (OSError, MemoryError):
            if before is None:
                self._documents.remove_later(name, INDEX)
            else:
                self._documents.try_put(name, before)
            raise
        self.all, self.unread = placed, unread
        self.away = [row for row in self.away if row[0] != profile.id]
        self._changed()
        if profile.purpose == "TxProfile":
            self._renegotiate(evse_id)

    def _renegotiate(self, evse_id: int) -> None:
        """K16.FR.02: a car that told its needs is offered the schedules again; until it chooses, the first one holds."""
        tx = self._station.evse(evse_id).tx  # type: ignore[union-attr]  # the profile is for its transaction
        if tx is not None and tx.needs_told:
            self.select(evse_id, 0)
            self._station.actions.append(("renegotiate", evse_id))
            offered = self._station.optional.find("ev_schedule")
            if offered is not None:
                offered.offers.watch(evse_id)

    def select(self, evse_id: int, index: int) -> None:
        """The car follows the schedule at this place in each TxProfile of its transaction, in the order of the profile (K15.FR.22)."""
        tx = self._station.evse(evse_id).tx  # type: ignore[union-attr]  # of those that there are
        for i, profile in enumerate(self.all):
            if profile.schedules > 1 and tx is not None and profile.transaction_id == tx.id:
                document = self.document(profile)
                if document is not None:
                    self.all[i] = Profile(document, evse_id, index)
                    self.all[i].is_kept = profile.is_kept
        self._changed()

    def offered(self, transaction_id: str) -> "Profile | None":
        """The profile from whose schedules the car of a transaction may choose: its TxProfile that has most of them, or None."""
        found = None
        for profile in self.all:
            if profile.purpose == "TxProfile" and profile.transaction_id == transaction_id and (found is None or profile.schedules > found.schedules):
                found = profile
        return found

    def offered_ids(self, transaction_id: str) -> "list[int]":
        """Ids of the schedules from which it may choose; [0]: there is no such profile."""
        profile = self.offered(transaction_id)
        document = None if profile is None else self.document(profile)
        return [0] if document is None else [schedule["id"] for schedule in document["chargingSchedule"]]

    def at_place(self, evse_id: int, place: int) -> "list[Profile]":
        """All profiles, those of the transaction of this EVSE with the schedule at this place (K15.FR.22)."""
        tx = self._station.evse(evse_id).tx  # type: ignore[union-attr]  # of those that there are
        found = []
        for profile in self.all:
            several = profile.schedules > 1 and tx is not None and profile.transaction_id == tx.id
            document = self.document(profile) if several else None
            found.append(profile if document is None else Profile(document, evse_id, place))
        return found

    def clear(self, profiles: "list[Profile]", profile_id: "int | None", evse_id: "int | None", some: bool = False) -> bool:
        """The CSMS clears these, and what is unread or away of this id and EVSE (None: of any); some: not those that are away, for it named a
        purpose or a level. False: there was nothing to clear. OSError: it could not be kept, and nothing has changed."""
        left, unread = [p for p in self.all if p not in profiles], self._still_unread(profile_id, evse_id)
        away = [row for row in self.away if some or profile_id is not None and row[0] != profile_id or evse_id is not None and row[1] != evse_id]
        if not profiles and unread == self.unread and away == self.away:
            return False
        self._documents.put(INDEX, _index(left, unread + away))
        self.unread, self.away = unread, away
        self._forget(profiles, left)
        return True

    def remove(self, profiles: "list[Profile]") -> None:
        """Forget these: they are over."""
        if profiles:
            left = [p for p in self.all if p not in profiles]
            self._documents.try_put(INDEX, self._index(left, self.unread))
            self._forget(profiles, left)

    def _forget(self, profiles: "list[Profile]", left: "list[Profile]") -> None:
        self.all = left
        for profile in profiles:
            if profile.awaited:
                profile.last = self.document(profile)
            if profile.is_kept:
                self._documents.remove_later(DOC % profile.id, INDEX)
        self._changed()

    def document(self, profile: "Profile") -> "Message | None":
        """The profile as the CSMS wrote it."""
        return profile.last or self._documents.get(DOC % profile.id)

    def refusal_at_start(self, evse: "OcppEvse", document: "Message", now_ms: int) -> "str | None":
        """Of a profile that comes with RequestStartTransaction (F01.FR.09, F01.FR.11, F01.FR.26)."""
        if document["chargingProfilePurpose"] != "TxProfile" or "transactionId" in document:
            return "InvalidProfile"
        return self._refusal(evse.id, document, 1)

    def wait_for_start(self, evse: "OcppEvse", document: "Message", remote_id: int) -> None:
        """Install it when the transaction at this EVSE is that of this remoteStartId, or now if one runs already."""
        self._waiting[evse.id] = (remote_id, document)
        if evse.tx is not None:
            self._install_waiting(evse)

    def transaction_started(self, evse: "OcppEvse") -> None:
        """A transaction began, or is ready to deliver: install the profile that came with its RequestStartTransaction (F01.FR.11)."""
        self._changed()
        if evse.auth is not None and evse.id in self._waiting:
            if evse.auth.remote_id == self._waiting[evse.id][0]:
                self._install_waiting(evse)
            else:  # it is the transaction of another
                del self._waiting[evse.id]

    def _install_waiting(self, evse: "OcppEvse") -> None:
        document = self._waiting.pop(evse.id)[1]
        document["transactionId"] = evse.tx.id  # type: ignore[union-attr]  # it is open
        try:
            self.install(evse.id, document)
        except OSError:  # it still applies, until a power cut
            self._station.log.counter("ocpp_not_kept")
            self.all.append(Profile(document, evse.id))
            self.all[-1].is_kept = False
            self._changed()

    def transaction_ended(self, evse: "OcppEvse", transaction_id: str) -> None:
        """K02.FR.05."""
        self._changed()
        self._waiting.pop(evse.id, None)
        self.remove([p for p in self.all if p.purpose == "TxProfile" and p.transaction_id == transaction_id])

    def _changed(self) -> None:
        self._station.in_force.changed()


def _index(profiles: "list[Profile]", unread: "list[list[Any]]") -> "list[list[Any]]":
    return [[p.id, p.evse_id] for p in profiles if p.is_kept] + unread
