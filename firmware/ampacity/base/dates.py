"""Days and dates of the Gregorian calendar in integers, for both runtimes (neither `datetime` nor `strftime` is there).

The algorithm counts from the first of March of year 0, so that the leap day is a year's last.
"""


def days_from_date(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01; year from 1, month 1..12, day 1..31."""
    y = year - 1 if month <= 2 else year
    era = y // 400
    year_of_era = y - era * 400
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468


def date_from_days(days: int) -> "tuple[int, int, int]":
    """Days since 1970-01-01 → (year, month, day)."""
    days += 719468
    era = days // 146097
    day_of_era = days - era * 146097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year_of_era + era * 400 + (1 if month <= 2 else 0), month, day


def is_leap(year: int) -> bool:
    """True for a year of 366 days."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_days(year: int, month: int) -> int:
    """Days of that month: 28..31; month 1..12."""
    if month == 2:
        return 29 if is_leap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def weekday(days: int) -> int:
    """0 Sunday .. 6 Saturday of a count of days since 1970-01-01, a Thursday."""
    return (days + 4) % 7
