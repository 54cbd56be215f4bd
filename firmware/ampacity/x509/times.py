"""UTCTime and GeneralizedTime of a certificate (RFC 5280, 4.1.2.5) as unix seconds."""

from ampacity.base.der import take

UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def time_s(der: bytes, at: int, end: int) -> "tuple[int, int]":
    """(unix seconds, where the value ends) of the time at `at`. ValueError: it is none in UTC with seconds."""
    tag, start, stop = take(der, at, end)
    digits = der[start : stop - 1] if stop > start else b""
    if (tag, len(digits)) not in ((UTC_TIME, 12), (GENERALIZED_TIME, 14)) or der[stop - 1] != 0x5A:
        raise ValueError("certificate: a time that is not in UTC with seconds")
    for byte in digits:
        if not 0x30 <= byte <= 0x39:
            raise ValueError("certificate: a time that is no number")
    year = int(digits[: len(digits) - 10])
    if tag == UTC_TIME:
        year += 1900 if year >= 50 else 2000
    month, day, hour, minute, second = [int(digits[i : i + 2]) for i in range(len(digits) - 10, len(digits), 2)]
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= day <= LENGTHS[month - 1] + (leap and month == 2) or hour > 23 or minute > 59 or second > 59:
        raise ValueError("certificate: a date that does not exist")
    before = year - 1
    days = 365 * year + before // 4 - before // 100 + before // 400 + DAYS_BEFORE[month - 1] + (leap and month > 2) + day - 719528
    return days * 86400 + hour * 3600 + minute * 60 + second, stop
