"""The profiles that the CSMS installed: kept over restarts, asked by the roles for limits (K01 to K10)."""

from ampacity.ocpp.smart_charging.composite import composite, converted
from ampacity.ocpp.smart_charging.profile import NEVER, PERIODS_MAX, Profile, evse_limit, refusal, station_limit

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import LimitRow, Message
    from ampacity.ocpp.smart_charging.profile import Found
    from ampacity.ocpp.transactions.transaction import Transaction

INDEX = "ocpp_profiles"
DOC = "ocpp_profile_%d"
SEEN = "ocpp_time"  # unix seconds when what holds last changed: a clock that shows less after a restart is wrong


class Group:
    """EVSEs that stand under the same profiles. counts: a Relative profile counts from the transaction of its one EVSE."""

    def __init__(self, profiles: "list[Profile]", evse: "OcppEvse") -> None:
        tx_id = evse.tx.id if evse.tx is not None else None
        self.evses = [evse]
        self.mine = [p for p in profiles if p.purpose == "TxProfile" and tx_id is not None and p.transaction_id == tx_id]
        self.defaults = [p for p in profiles if p.purpose == "TxDefaultProfile" and p.evse_id in (0, evse.id)]
        self.counts = tx_id is not None and any([p.kind == "Relative" for p in self.mine + self.defaults])

    def takes(self, other: "Group") -> bool:
        """May `other`, of one EVSE, join?"""
        return not (self.counts or other.counts) and self.mine == other.mine and self.defaults == other.defaults


class ProfileStore:
    """`change_at_ms`: when `limits` may say something else than last time; 0: it does now."""

    def __init__(self, station: "StationFace", entries_max: int) -> None:
        self._station = station
        self._documents = station.documents
        self.entries_max = entries_max
        self.change_at_ms = 0
        self._groups: "list[Group] | None" = None
        self._waiting: "dict[int, Message]" = {}
        self._found: "list[LimitRow] | None" = None
        self._seen_s: int = self._documents.get(SEEN) or 0
        self.all: "list[Profile]" = []
        self._unread: "list[list[Any]]" = []  # [id or None, EVSE]: was installed and cannot be read: no current there
        for profile_id, evse_id in self._rows():
            profile = None if profile_id is None else self._read(profile_id, evse_id)
            if profile is not None:
                self.all.append(profile)
                continue
            evse_id = evse_id if station.evse(evse_id) is not None else 0
            self._unread.append([profile_id, evse_id])
            text = "charging profile %s of EVSE %d is not readable: 0 A there until the CSMS sets or clears profiles"
            station.log.add("error", text % ("(all)" if profile_id is None else profile_id, evse_id), station.now_ms)

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
            why = refusal(document, 1) or ("" if document["id"] == profile_id else "id is another")
            if document["chargingProfilePurpose"] == "TxProfile" and "transactionId" not in document:
                why = "transactionId is missing"
            if not why:
                return Profile(document, evse_id)
        except ValueError as e:  # a date that is none
            why = str(e)
        self._documents.distrust(name, why)
        return None

    def forget_unread(self, profile_id: "int | None", evse_id: "int | None") -> bool:
        """The CSMS says what holds; None: whatever its id, or its EVSE. False: there was nothing unread."""
        left = [row for row in self._unread
                if profile_id is not None and row[0] not in (None, profile_id) or evse_id is not None and row[1] not in (0, evse_id)]
        if left == self._unread:
            return False
        self._unread = left
        self._documents.try_put(INDEX, self._index(self.all))
        self._changed()
        return True

    def forget_closed(self) -> None:
        """After a restart: TxProfiles whose transaction is over."""
        find = self._station.transactions.find
        self.remove([p for p in self.all if p.purpose == "TxProfile" and find(p.transaction_id) is None])  # type: ignore[arg-type]

    def refusal(self, evse_id: int, document: "Message", now_ms: int) -> "str | None":
        """Reason code why this profile cannot be installed, or None."""
        evse = self._station.evse(evse_id) if evse_id else None
        purpose = document["chargingProfilePurpose"]
        if evse_id and evse is None:
            return "UnknownEvse"
        if purpose == "TxProfile":
            if evse is None or "transactionId" not in document:
                return "MissingParam"
            if evse.tx is None or evse.tx.id != document["transactionId"]:
                return "TxNotFound"
        elif "transactionId" in document:
            return "InvalidProfile"
        if purpose == "ChargingStationMaxProfile" and evse_id:
            return "InvalidProfile"
        phases = evse.phases if evse else max(p.phases for p in self._station.evses)
        return refusal(document, phases) or self._clash(Profile(document, evse_id))

    def install(self, evse_id: int, document: "Message") -> None:
        """Keep a profile that `refusal` let pass; one with its id goes."""
        profile = Profile(document, evse_id)
        placed = [p for p in self.all if p.id != profile.id] + [profile]
        self._documents.put(DOC % profile.id, document)
        self._documents.put(INDEX, self._index(placed))
        self.all = placed
        self.forget_unread(profile.id, evse_id or None)
        self._changed()

    def _index(self, profiles: "list[Profile]") -> "list[list[Any]]":
        return [[p.id, p.evse_id] for p in profiles] + self._unread

    def remove(self, profiles: "list[Profile]") -> None:
        """Forget these."""
        if profiles:
            self.all = [p for p in self.all if p not in profiles]
            self._documents.try_put(INDEX, self._index(self.all))
            self._changed()
            for profile in profiles:
                self._documents.try_remove(DOC % profile.id)

    def document(self, profile: "Profile") -> "Message | None":
        """The profile as the CSMS wrote it."""
        return self._documents.get(DOC % profile.id)

    def refusal_at_start(self, evse: "OcppEvse", document: "Message", now_ms: int) -> "str | None":
        """Of a profile that comes with RequestStartTransaction (F01.FR.09, F01.FR.11)."""
        if document["chargingProfilePurpose"] != "TxProfile" or "transactionId" in document:
            return "InvalidProfile"
        return refusal(document, evse.phases) or self._clash(Profile(document, evse.id))

    def wait_for_start(self, evse: "OcppEvse", document: "Message") -> None:
        """Install it when the transaction at this EVSE begins, or now if it runs already."""
        self._waiting[evse.id] = document
        if evse.tx is not None:
            self.transaction_started(evse)

    def transaction_started(self, evse: "OcppEvse") -> None:
        """Install the profile that came with RequestStartTransaction, if one waits (F01.FR.11)."""
        self._changed()
        document = self._waiting.pop(evse.id, None)
        if document is not None:
            document["transactionId"] = evse.tx.id  # type: ignore[union-attr]  # it is open
            try:
                self.install(evse.id, document)
            except OSError:  # it still applies, until a power cut
                self._station.log.counter("ocpp_not_kept")
                self.all.append(Profile(document, evse.id))
                self._changed()

    def transaction_ended(self, evse: "OcppEvse", transaction_id: str) -> None:
        """K02.FR.05."""
        self._changed()
        self._waiting.pop(evse.id, None)
        self.remove([p for p in self.all if p.purpose == "TxProfile" and p.transaction_id == transaction_id])

    def limits(self, now_ms: int) -> "list[LimitRow]":
        """[(evse_id or 0, watts or None, da or None, phases or None)]: the limits in force; an EVSE that is missing there has none."""
        if not self._enabled() or not (self.all or self._unread):
            self.change_at_ms = now_ms + NEVER
            return []
        t, clock = self._now_s(now_ms)
        found, left_s = self._limits_at(t, 0, clock)
        for unix_ms in self._station.wallclock.others_ms(now_ms) if clock else ():
            more, more_s = self._limits_at(unix_ms // 1000, unix_ms // 1000 - t, True)
            found, left_s = _lowest(found, more), min(left_s, more_s)
        for _, evse_id in self._unread:
            found = _lowest(found, [(evse_id, None, 0, None)])
        self.change_at_ms = now_ms + left_s * 1000 - (self._fraction_ms(now_ms) if clock else 0)
        if found != self._found:
            self._found = found
            if clock:
                self._seen_s = t
                self._documents.try_put(SEEN, t)
        return found

    def _limits_at(self, t: int, shift_s: int, clock: bool) -> "tuple[list[LimitRow], int]":
        """(what `limits` gives at t, seconds until that may change); shift_s: t less the present time."""
        limit, phases, unit, until = station_limit(self.all, t, clock)
        found = [(0, limit, phases, unit)]
        for group in self._grouped():
            limit, phases, unit, change = self._of_group(group, t, clock, shift_s)
            until = min(until, change)
            found += [(evse.id, limit, phases, unit) for evse in group.evses]
        return [_row(evse_id, limit, phases, unit) for evse_id, limit, phases, unit in found if limit is not None], until - t

    def schedule(self, evse_id: int, duration_s: int, unit: str, now_ms: int) -> "tuple[list[tuple[int, int, int]], int]":
        """GetCompositeSchedule: ([(start offset, limit in tenths, phases)], seconds covered) (K08)."""
        t, clock = self._now_s(now_ms)
        groups = []
        for group in self._grouped():
            evses = [p for p in group.evses if evse_id in (0, p.id)]
            if evses:
                groups.append((group, evses))

        def limit_at(at: int) -> "tuple[int, int, int]":
            return self._total(groups, evse_id, unit, at, clock)

        return composite(limit_at, t, duration_s, PERIODS_MAX)

    def _total(self, groups: "list[tuple[Group, list[OcppEvse]]]", evse_id: int, unit: str, at: int, clock: bool) -> "tuple[int, int, int]":
        """(limit, phases, until) of one EVSE, or of the grid connection (evse_id 0), under all that is installed."""
        config, enabled = self._station.config, self._enabled()
        voltage_v = config.get("voltage_v", 230)
        most_phases = max([p.phases for _, evses in groups for p in evses])
        whole, _, whole_unit, until = station_limit(self.all, at, clock) if enabled else (None, None, None, NEVER)
        total = 0
        for group, evses in groups:
            limit, _, limit_unit, change = self._of_group(group, at, clock) if enabled else (None, None, None, NEVER)
            until = min(until, change)
            for evse in evses:
                most = converted(evse.max_da, "A", unit, evse.phases, voltage_v)
                if limit is not None:
                    most = min(most, converted(limit, limit_unit, unit, evse.phases, voltage_v))  # type: ignore[arg-type]
                total += most
        if evse_id == 0 and config.get("max_da"):
            total = min(total, converted(config["max_da"], "A", unit, most_phases, voltage_v))
        if whole is not None:
            total = min(total, converted(whole, whole_unit, unit, most_phases, voltage_v))  # type: ignore[arg-type]
        return total, most_phases, until

    def _of_group(self, group: "Group", t: int, clock: bool, shift_s: int = 0) -> "Found":
        tx = group.evses[0].tx
        start = self._start_s(tx, clock) + shift_s if group.counts else None  # type: ignore[arg-type]  # what counts is open
        return evse_limit(group.mine, group.defaults, t, start, clock)

    def _grouped(self) -> "list[Group]":
        """EVSEs under the same profiles, found again after a change: in a garage mostly one group."""
        if self._groups is None:
            self._groups = []
            for evse in self._station.evses:
                new = Group(self.all, evse)
                for group in self._groups:
                    if group.takes(new):
                        group.evses.append(evse)
                        break
                else:
                    self._groups.append(new)
        return self._groups

    def _changed(self) -> None:
        self._groups = None
        self.change_at_ms = 0

    def _start_s(self, tx: "Transaction", clock: bool) -> int:
        """When the transaction began, on the time line in use. Counted on the monotonic clock: the wall's may jump."""
        now_ms = self._station.now_ms
        now_s = self._now_s(now_ms)[0]
        if tx.start_ms is None:  # begun before a restart
            if not clock or tx.start_unix_s is None:
                return now_s
            tx.start_ms = now_ms - (now_s - tx.start_unix_s) * 1000
        return now_s - (now_ms - tx.start_ms) // 1000

    def _now_s(self, now_ms: int) -> "tuple[int, bool]":
        """Of the hardware's own clock only what can be true: the time of day is unknown where it went back."""
        wallclock = self._station.wallclock
        unix_ms = wallclock.unix_ms(now_ms)
        if unix_ms is None or wallclock.source == "rtc" and unix_ms // 1000 < self._seen_s:
            return now_ms // 1000, False
        return unix_ms // 1000, True

    def _fraction_ms(self, now_ms: int) -> int:
        return (self._station.wallclock.unix_ms(now_ms) or 0) % 1000

    def _enabled(self) -> bool:
        return self._station.model.on("SmartChargingCtrlr", "Enabled")


    def _clash(self, new: "Profile") -> "str | None":
        """K01.FR.06, .39, .52, .53: another id, the same place in the stack."""
        count = 1
        for other in self.all:
            if other.id == new.id:
                continue
            count += 1
            same = other.purpose == new.purpose and other.stack_level == new.stack_level and other.overlaps(new)
            if same and (other.evse_id == new.evse_id or new.purpose == "TxDefaultProfile" and 0 in (other.evse_id, new.evse_id)):
                return "DuplicateProfile"
        return "TooManyElements" if count > self.entries_max else None


def _row(evse_id: int, limit: int, phases: "int | None", unit: "str | None") -> "LimitRow":
    return (evse_id, limit // 10 if unit == "W" else None, limit if unit == "A" else None, phases)


def _lowest(rows: "list[LimitRow]", others: "list[LimitRow]") -> "list[LimitRow]":
    """Rows of two times that may both be true: of each target the lowest of each unit."""
    merged = list(rows)
    for row in others:
        for i, known in enumerate(merged):
            if known[0] == row[0]:
                merged[i] = _lower(known, row)
                break
        else:
            merged.append(row)
    return merged


def _lower(a: "LimitRow", b: "LimitRow") -> "LimitRow":
    watts = a if b[1] is None or a[1] is not None and a[1] <= b[1] else b
    amps = a if b[2] is None or a[2] is not None and a[2] <= b[2] else b
    return (a[0], watts[1], amps[2], watts[3] if watts[1] is not None else amps[3])
