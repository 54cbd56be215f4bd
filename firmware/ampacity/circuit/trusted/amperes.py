"""Currents as text, once for the whole firmware: other rooms reach it through `base/quantities`."""


def tenths(value: int) -> str:
    """12.3 of 123, -0.5 of -5."""
    return "%s%d.%d" % ("-" if value < 0 else "", abs(value) // 10, abs(value) % 10)


def amps(da: int) -> str:
    """12.3 A of 123 da."""
    return tenths(da) + " A"
