"""The meters' register layouts and limits, from the tables of their manufacturers."""

from pymodbus.constants import ExcCodes

from ampacity_host.rig.devices.meter import MeterDevice


def three(space: str, start: int, kind: str, counts: float, quantity: str) -> tuple[tuple[str, int, str, float, str], ...]:
    """A quantity of the three phases, in pairs of registers from start."""
    return tuple((space, start + 2 * phase, kind, counts, f"{quantity}{phase}") for phase in range(3))


class Sdm630(MeterDevice):
    """Every value is an IEEE 754 pair of input registers; at most 40 values per request."""

    inputs = tuple(range(0, 400))
    holding = (64512, 64513)
    values_max = 40
    layout = (
        *three("i", 0, "f32", 1, "volts"), *three("i", 6, "f32", 1, "amps"), *three("i", 12, "f32", 1, "watts"),
        ("i", 52, "f32", 1, "watts"), ("i", 72, "f32", 1, "import_kwh"), ("i", 74, "f32", 1, "export_kwh"),
        ("h", 64512, "u32", 1, "serial"),
    )  # fmt: skip

    def allow_read(self, address: int, count: int) -> "ExcCodes | None":
        """Whole values only, and a limited number of them."""
        return ExcCodes.ILLEGAL_ADDRESS if address % 2 or count % 2 or count > 2 * self.values_max else None


class Sdm72(Sdm630):
    """The small model; some units refuse more than ten registers, and this is such a unit."""

    values_max = 5


class AbbB23(MeterDevice):
    """Scaled whole numbers in holding registers; currents without a sign."""

    holding = (*range(20480, 20488), *range(23296, 23364), *range(35072, 35088), 35168, 35169)
    signed_amps = False
    blank = {"u32": 0xFFFFFFFF, "i32": 0x7FFFFFFF, "u64": 0xFFFFFFFFFFFFFFFF}
    layout = (
        ("h", 20480, "u64", 100, "import_kwh"), ("h", 20484, "u64", 100, "export_kwh"),
        *three("h", 23296, "u32", 10, "volts"), *three("h", 23308, "u32", 100, "amps"),
        ("h", 23316, "i32", 100, "watts"), *three("h", 23318, "i32", 100, "watts"), ("h", 35072, "u32", 1, "serial"),
    )  # fmt: skip

    def refresh(self) -> None:
        """Its measured quantities, and its type in letters."""
        super().refresh()
        self.registers.put("h", 35168, [0x4232, 0x3320])


class Em24(MeterDevice):
    """Signed whole numbers in input registers, low word first."""

    inputs = tuple(range(0, 100))
    low_first = True
    layout = (
        *three("i", 0, "i32", 10, "volts"), *three("i", 12, "i32", 1000, "amps"), *three("i", 18, "i32", 10, "watts"),
        ("i", 40, "i32", 10, "watts"), ("i", 66, "i32", 10, "import_kwh"), ("i", 92, "i32", 10, "export_kwh"),
    )  # fmt: skip
