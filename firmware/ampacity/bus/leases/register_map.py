"""A secondary's registers as a state object: the role puts facts in, the engine reads and writes, the lease decides.

Plain attributes hold the facts; a read packs them. The content of a grant is applied to the lease before the reply
leaves, so that the very next status read shows it.
"""

import struct

from ampacity.base.quantities import CHARGING_DA_MIN
from ampacity.bus.leases import register_table as table
from ampacity.bus.leases.lease import Lease
from ampacity.bus.modbus.crc import crc16
from ampacity.bus.modbus.frames import ILLEGAL_ADDRESS, ILLEGAL_VALUE

if False:  # for the type checker
    from typing import Any

STARTING, LEASED, FALLBACK, PAUSED, FAULTED = 0, 1, 2, 3, 4
MAX_DA_MAX = 800
GRANTS_KEPT = 8
_STATUS_FORMAT = table.format_of(table.STATUS)
_GRANT_FORMAT = table.format_of(table.GRANT)
_SETTINGS_FORMAT = table.format_of(table.SETTINGS)
_STATUS_LENGTH = table.length(table.STATUS)
_GRANT_LENGTH = table.length(table.GRANT)
_SETTINGS_LENGTH = table.length(table.SETTINGS)
_SETTINGS_WRITABLE = table.WRITABLE


def _grant_number_fields() -> "tuple[tuple[int, int], ...]":
    """(first byte, bytes) of what a forger of grants would need: identity, epoch and sequence of the newest."""
    found = []
    for base, rows, names in (
        (table.STATUS_AT, table.STATUS, ("identity", "epoch", "sequence")),
        (table.GRANT_AT, table.GRANT, ("grant_sequence", "grant_identity", "grant_epoch")),
    ):
        at = 2 * (base - table.BASE)
        for name, kind, _unit, _meaning in rows:
            size = 2 * table.size_of(kind)
            if name in names:
                found.append((at, size))
            at += size
    return tuple(found)


_GRANT_NUMBER_FIELDS = _grant_number_fields()


class RegisterMap:
    """Registers of one secondary. lease: its Lease. Facts, set by the role whenever they change:

    faults (bits), faulted, offered_da, measured_da, volts_dv (three each, None: not measured), energy_wh,
    car_phases (bits), pilot ("A".."F", "C2", …), plug (bits), boot_count, unlocked (may settings be written).
    Taken by the role: `grants`, list of (identity, epoch, sequence, lease_ms, limit_da, flags), oldest first;
    `settings_changed`: set when fallback, maximum, power-on value or longest lease were written.
    """

    after_lease_ms = 0
    requester: "Any" = None  # the plain TCP session that is being answered; None on a line, and where a certificate says who it is
    lease_holder: "Any" = None  # the session whose grant was taken last
    update_window: "Any" = None  # UpdateWindow, where this unit has two slots
    second_sources = 0  # grants of another source while a lease ran: an alarm

    def __init__(self, lease: Lease, serial: str, firmware: str, model: str = "Charging point", unit: int = 0) -> None:
        self.lease = lease
        self.serial = serial
        self.firmware = firmware
        self.model = model
        self.faults = 0
        self.faulted = False
        self.offered_da = [0, 0, 0]
        self.measured_da: list[int | None] = [None, None, None]
        self.volts_dv: list[int | None] = [None, None, None]
        self.energy_wh = 0
        self.car_phases = 0
        self.pilot = "A"
        self.plug = 0
        self.boot_count = 0
        self.flags = 0
        self.unlocked = False
        self.settings_changed = False
        self.grants: list[tuple[int, int, int, int, int, int]] = []
        self._registers = bytearray(2 * (table.LAST + 1 - table.BASE))
        self._mark = 0
        self._build(unit)

    def read(self, address: int, count: int, now_ms: int) -> "bytes | None":
        """count registers as bytes, or None where one of them does not exist."""
        if address >= table.UPDATE_AT and self.update_window is not None:
            return self.update_window.read(address, count)  # type: ignore[no-any-return]
        if address < table.BASE or address + count > table.LAST + 1:
            return None
        if address < table.GRANT_AT and address + count > table.STATUS_AT:
            self._pack_status(now_ms)
        at = 2 * (address - table.BASE)
        if self.requester is None or self.requester is self.lease_holder or self.lease.state(now_ms) != "leased":
            return bytes(self._registers[at : at + 2 * count])
        shown = bytearray(self._registers)
        for first, size in _GRANT_NUMBER_FIELDS:
            shown[first : first + size] = bytes(size)
        return bytes(shown[at : at + 2 * count])

    def write(self, address: int, data: bytes, now_ms: int) -> int:
        """Write len(data) / 2 registers; 0, or the exception code. Nothing is written in part."""
        if address == table.GRANT_AT and len(data) == 2 * _GRANT_LENGTH:
            return self._write_grant(data, now_ms)
        first = address - table.SETTINGS_AT
        if first >= 0 and first + len(data) // 2 <= _SETTINGS_WRITABLE:
            return self._write_settings(first, data)
        if address >= table.UPDATE_AT and self.update_window is not None:
            return self.update_window.write(address, data)  # type: ignore[no-any-return]
        return ILLEGAL_ADDRESS

    def broadcast(self, address: int, data: bytes, unit: int, now_ms: int) -> bool:
        """Orders to many; False when there was none for this unit, or the lease refused it."""
        head = 2 * table.BROADCAST_HEAD
        if address != table.BROADCAST or len(data) <= head:
            return False
        identity, epoch, sequence, lease_ds, first, count = struct.unpack(">IHHHHH", data[:head])
        index = unit - first
        if not 0 <= index < count <= table.BROADCAST_UNITS_MAX or len(data) != head + 2 * count:
            return False
        limit_da = (data[head + 2 * index] << 8) | data[head + 2 * index + 1]
        if limit_da == table.NO_ORDER:
            return False
        return self._take(identity, epoch, sequence, lease_ds * 100, limit_da, self.flags & ~3, now_ms)

    def set_settings(self, fallback_da: int, max_da: int, power_on_da: int, longest_ms: int) -> bool:
        """New settings, from the installer's hand or the store; False and nothing changed when they do not fit."""
        if not CHARGING_DA_MIN <= max_da <= MAX_DA_MAX or not 1000 <= longest_ms <= 3600000:
            return False
        for value_da in (fallback_da, power_on_da):
            if value_da and not CHARGING_DA_MIN <= value_da <= max_da:
                return False
        self.put_settings(fallback_da, max_da, power_on_da, longest_ms)
        return True

    def put_settings(self, fallback_da: int, max_da: int, power_on_da: int, longest_ms: int) -> None:
        """Settings that were checked: into the lease and the registers."""
        lease = self.lease
        lease.fallback_da, lease.max_da, lease.power_on_da, lease.longest_ms = fallback_da, max_da, power_on_da, longest_ms
        self.show_settings(lease)

    def _write_grant(self, data: bytes, now_ms: int) -> int:
        limit_da, lease_ds, sequence, identity, epoch, flags = struct.unpack(_GRANT_FORMAT, data)
        if limit_da == table.NO_ORDER or not lease_ds or not identity:
            return ILLEGAL_VALUE
        self._take(identity, epoch, sequence, lease_ds * 100, 0 if flags & 3 else limit_da, flags, now_ms)
        return 0

    def _second_source(self, identity: int, now_ms: int) -> bool:
        """While a lease runs: a grant of another primary, or under its identity over a connection from elsewhere."""
        if self.lease.state(now_ms) != "leased":
            return False
        if identity != self.lease.identity:
            return True
        lease_holder, requester = self.lease_holder, self.requester
        if lease_holder is None or requester is None or lease_holder is requester or not lease_holder.open:
            return False
        return lease_holder.host is None or lease_holder.host != requester.host

    def _take(self, identity: int, epoch: int, sequence: int, lease_ms: int, limit_da: int, flags: int, now_ms: int) -> bool:
        if self._second_source(identity, now_ms):
            self.second_sources += 1
            self.lease.refused += 1
            return False
        if not self.lease.grant(identity, epoch, sequence, lease_ms, limit_da, now_ms):
            return False
        self.flags, self.lease_holder = flags, self.requester
        struct.pack_into(
            _GRANT_FORMAT, self._registers, 2 * (table.GRANT_AT - table.BASE),
            limit_da, lease_ms // 100, sequence, identity, epoch, flags,
        )
        if len(self.grants) >= GRANTS_KEPT:
            self.grants.pop(0)
        self.grants.append((identity, epoch, sequence, lease_ms, limit_da, flags))
        return True

    def _write_settings(self, first: int, data: bytes) -> int:
        if not self.unlocked:
            return ILLEGAL_VALUE
        lease = self.lease
        values = [lease.fallback_da, lease.max_da, lease.power_on_da, lease.longest_ms // 100]
        for i in range(len(data) // 2):
            values[first + i] = (data[2 * i] << 8) | data[2 * i + 1]
        if not self.set_settings(values[0], values[1], values[2], values[3] * 100):
            return ILLEGAL_VALUE
        self.settings_changed = True
        return 0

    def limit_shown_da(self, now_ms: int) -> int:
        """The limit in force, da, as the status shows it."""
        return self.lease.limit_da(now_ms)

    def grant_shown(self) -> "tuple[int, int, int]":
        """(identity, epoch, sequence) of the newest grant that is in force, as the status shows it."""
        lease = self.lease
        return lease.identity, lease.epoch, lease.sequence

    def state_shown(self, now_ms: int) -> int:
        """STARTING, LEASED, FALLBACK, PAUSED or FAULTED, as the status shows it."""
        if self.faulted:
            return FAULTED
        if self.lease.state(now_ms) == "fallback":
            return FALLBACK
        return LEASED if self.lease.limit_da(now_ms) >= CHARGING_DA_MIN else PAUSED

    def _pack_status(self, now_ms: int) -> None:
        lease, offered, amps, volts = self.lease, self.offered_da, self.measured_da, self.volts_dv
        identity, epoch, sequence = self.grant_shown()
        pilot = ord(self.pilot[0]) | (int(self.pilot[1]) << 8 if len(self.pilot) > 1 else 0)
        struct.pack_into(
            _STATUS_FORMAT, self._registers, 2 * (table.STATUS_AT - table.BASE),
            table.PROTOCOL, self.state_shown(now_ms), self.faults, self.limit_shown_da(now_ms),
            offered[0], offered[1], offered[2], _or_none(amps[0]), _or_none(amps[1]), _or_none(amps[2]),
            self.energy_wh & 0xFFFFFFFF, self.car_phases, pilot, self.plug,
            _or_none(volts[0]), _or_none(volts[1]), _or_none(volts[2]),
            -(-lease.remaining_ms(now_ms) // 100), self.boot_count & 0xFFFF,
            identity, epoch, sequence, self._mark,
        )  # fmt: skip

    def show_settings(self, lease: Lease) -> None:
        """The settings of this lease into the registers, and their mark into the status."""
        at = 2 * (table.SETTINGS_AT - table.BASE)
        struct.pack_into(
            _SETTINGS_FORMAT, self._registers, at,
            lease.fallback_da, lease.max_da, lease.power_on_da, lease.longest_ms // 100, -(-self.after_lease_ms // 100),
        )  # fmt: skip
        text = self.serial + "/" + self.firmware
        self._mark = crc16(bytes(self._registers[at : at + 2 * _SETTINGS_LENGTH]) + text.encode())

    def _build(self, unit: int) -> None:
        """The parts that never change: marker, common model, model numbers and lengths, end."""
        texts = {"manufacturer": table.VENDOR, "model": self.model, "firmware": self.firmware, "serial": self.serial}
        numbers = {"marker": 0x53756E53, "model_id": 1, "model_length": 66, "unit": unit, "pad": 0x8000}
        at = 0
        for name, kind, _unit, _meaning in table.IDENTIFICATION:
            size = 2 * table.size_of(kind)
            if kind[0] == "s":
                text = texts.get(name, "").encode()[:size]
                self._registers[at : at + len(text)] = text
            else:
                self._registers[at : at + size] = numbers[name].to_bytes(size, "big")
            at += size
        for _name, base, model, _access, rows in table.BLOCKS:
            if model:
                struct.pack_into(">HH", self._registers, 2 * (base - 2 - table.BASE), model, table.length(rows))
        struct.pack_into(">HH", self._registers, 2 * (table.END_AT - table.BASE), 0xFFFF, 0)
        self.show_settings(self.lease)


def _or_none(value: "int | None") -> int:
    return table.NOT_MEASURED if value is None else value
