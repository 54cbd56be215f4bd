"""The register map of a secondary as one table: the engine, the driver and docs/interfaces/modbus.md all use it.

A block is (name, base, model, access, rows); a row is (name, type, unit, meaning). u16 takes one register, u32
two, "s16" sixteen with text padded by zeros. The blocks follow one another without a gap from BASE, as SunSpec
wants them: marker, common model, then our own models, each with its number and length in front, and the end.
"""

BASE = 40000
PROTOCOL = 1
VENDOR = "Ampacity"
BROADCAST = 41000  # written as unit 0 only
BROADCAST_HEAD = 7  # registers in front of the limits
BROADCAST_UNITS_MAX = 100
NO_ORDER = 0xFFFF
NOT_MEASURED = 0xFFFF
PASSED_MS = 300  # of a primary, three passes of its safety loop: what was computed before them is no evidence of what is so now

IDENTIFICATION = (
    ("marker", "u32", "", "0x53756E53: \"SunS\""),
    ("model_id", "u16", "", "1: SunSpec common model"),
    ("model_length", "u16", "", "66"),
    ("manufacturer", "s16", "", "manufacturer"),
    ("model", "s16", "", "product"),
    ("options", "s8", "", "empty"),
    ("firmware", "s8", "", "firmware version"),
    ("serial", "s16", "", "serial number"),
    ("unit", "u16", "", "this unit's address"),
    ("pad", "u16", "", "0x8000"),
)

STATUS = (
    ("protocol", "u16", "", "version of this map; 1"),
    ("state", "u16", "", "0 starting, 1 leased, 2 fallback, 3 paused (leased, below 6 A), 4 faulted"),
    ("faults", "u16", "bits", "0 residual current, 1 over-temperature, 2 lock, 3 protective earth, 4 pilot, 5 contactor, 6 meter, 7 other"),
    ("limit_da", "u16", "0.1 A", "limit in force now, per phase"),
    ("offered_l1_da", "u16", "0.1 A", "current offered to the car on terminal L1, 0 when none"),
    ("offered_l2_da", "u16", "0.1 A", "the same, L2"),
    ("offered_l3_da", "u16", "0.1 A", "the same, L3"),
    ("measured_l1_da", "u16", "0.1 A", "current measured on terminal L1; 0xFFFF not measured"),
    ("measured_l2_da", "u16", "0.1 A", "the same, L2"),
    ("measured_l3_da", "u16", "0.1 A", "the same, L3"),
    ("energy_wh", "u32", "Wh", "energy delivered, running total"),
    ("car_phases", "u16", "bits", "phases that the car uses: 1 L1, 2 L2, 4 L3; high byte, of a primary: age of the measured sums, 0.1 s"),
    ("pilot", "u16", "", "low byte: ASCII letter A..F; high byte: 1 steady, 2 modulated, 0 unknown"),
    ("plug", "u16", "bits", "1 plugged, 2 locked, 4 contactor closed, 8 the car asks for current; high byte, of a primary: least of use, A"),
    ("volts_l1_dv", "u16", "0.1 V", "voltage on terminal L1; 0xFFFF not measured"),
    ("volts_l2_dv", "u16", "0.1 V", "the same, L2"),
    ("volts_l3_dv", "u16", "0.1 V", "the same, L3"),
    ("lease_left_ds", "u16", "0.1 s", "what is left of the lease; 0 none"),
    ("boot_count", "u16", "", "changes with every start"),
    ("identity", "u32", "", "primary of the newest grant taken; 0 none since start"),
    ("epoch", "u16", "", "epoch of the newest grant taken"),
    ("sequence", "u16", "", "sequence number of the newest grant taken"),
    ("settings_mark", "u16", "", "changes with serial number, firmware or any setting"),
)

GRANT = (
    ("grant_da", "u16", "0.1 A", "limit per phase; below 60: pause"),
    ("lease_ds", "u16", "0.1 s", "how long it holds without another grant; 1..65535, cut to the longest lease"),
    ("grant_sequence", "u16", "", "newer (modulo 2^16, half range) than the last one taken of its epoch; 1..32767"),
    ("grant_identity", "u32", "", "the primary's identity, not 0"),
    ("grant_epoch", "u16", "", "the primary's epoch: newer after each start and after each 32767 grants"),
    ("grant_flags", "u16", "bits", "1 pause, 2 open the contactor, 16/32/64 allow L1/L2/L3 (none set: all)"),
)

SETTINGS = (
    ("fallback_da", "u16", "0.1 A", "limit without a lease; 0 or 60..hardware maximum"),
    ("max_da", "u16", "0.1 A", "hardware maximum; 60..800"),
    ("power_on_da", "u16", "0.1 A", "limit from start to the first grant; 0 or 60..hardware maximum"),
    ("longest_lease_ds", "u16", "0.1 s", "no grant lasts longer; 10..36000"),
    ("after_lease_ds", "u16", "0.1 s", "how long after a lease more than the fallback may still be drawn: 0 for a charging point; never written"),
)
WRITABLE = 4  # of the settings, from the first

ORDERS = (
    ("identity", "u32", "", "the primary's identity"),
    ("epoch", "u16", "", "its epoch"),
    ("sequence", "u16", "", "sequence number of this grant, for every unit that it names"),
    ("lease_ds", "u16", "0.1 s", "lease of this grant"),
    ("first_unit", "u16", "", "address of the first unit named"),
    ("count", "u16", "", "units named, 1..100"),
    ("limits_da", "u16", "0.1 A", "one register a unit; 0xFFFF no order for it, and nothing is renewed there"),
)

UPDATE_AT, UPDATE_ORDER_AT = 41200, 41232  # outside the chain: only a unit with two slots has it (update_window.py)


def size_of(kind: str) -> int:
    """Registers that a type takes."""
    if kind[0] == "s":
        return int(kind[1:])
    return 2 if kind == "u32" else 1


def length(rows: "tuple[tuple[str, str, str, str], ...]") -> int:
    """Registers of a block, without its model number and length."""
    total = 0
    for row in rows:
        total += size_of(row[1])
    return total


def format_of(rows: "tuple[tuple[str, str, str, str], ...]") -> str:
    """struct format of a block without text."""
    out = ">"
    for row in rows:
        out += "I" if row[1] == "u32" else "H"
    return out


STATUS_AT = BASE + length(IDENTIFICATION) + 2
GRANT_AT = STATUS_AT + length(STATUS) + 2
SETTINGS_AT = GRANT_AT + length(GRANT) + 2
END_AT = SETTINGS_AT + length(SETTINGS)  # 0xFFFF, 0
LAST = END_AT + 1

BLOCKS = (
    ("identification", BASE, 0, "read", IDENTIFICATION),
    ("status", STATUS_AT, 64640, "read", STATUS),
    ("grant", GRANT_AT, 64641, "read, write whole", GRANT),
    ("settings", SETTINGS_AT, 64642, "read; written by the installer", SETTINGS),
)
