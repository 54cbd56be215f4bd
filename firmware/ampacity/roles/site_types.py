"""Of which kind each field of the compiled site is. What is not so is refused by its place before anything computes with it.

A row: field and kind: i integer, s text, b yes or no, l list of integers, m list of lists of integers; "?" may be null as well.
Fields that are not listed are for those who read them; a field that is missing has its reader's default.
"""

from ampacity.base.errors import Rejected

TOP = (
    "format i, name s, voltage_v i, system s, phases i, require_tested b, circuits o, buses o, meters o, evses o, profiles d, ocpp d?, time d, "
    "settings d, parent d?, alarm_output s?"
)
PARTS = {
    "circuits": (
        "name s, parent i, rating_da l, assumed_other_da l, generation_da l, meter i, breaker s?, frees_phases b, continuous_da l, contract_w i?, "
        "max_unbalance_da i?, max_neutral_da i?"
    ),
    "buses": (
        "name s, kind s, port s?, baud i, parity s, stop i?, host s?, tcp_port i?, transit_ms i, gateway b, private b, tls d?"
    ),
    "meters": (
        "name s, profile s, bus i, unit i, host s?, tcp_port i?, phases l, inputs i, max_da i, timeout_ms i, frozen_ms i, coarse b, sample_ms i"
    ),
    "evses": (
        "name s, kind s, profile s?, bus i, unit i, host s?, tcp_port i?, circuit i, terminals m, max_da i, limit_da i, min_da i, step_da i, "
        "feeder_da i, priority i, weight i, fallback_da i, watchdog_ms i, watchdog_tolerance_ms i, watchdog_fixed b, power_on_da i, "
        "power_on_source s?, settle_ms i, latency_ms i, transit_ms i, boot_ms i, survives b, holds b, held b, proof s, poll_feeds b, one_client b, "
        "connector s, feeder_output s?"
    ),
    "ocpp": "version s, identity s, url s, security_profile i, password s?, root_pem s?, certificate_pem s?, key_pem s?, config d?",
    "time": "tz s?, ntp s?",
    "parent": (
        "unit i, lease_ms i, max_da i, fallback_da i, power_on_da i, after_lease_ms i, serial s, port s?, baud i?, parity s?, stop i?, tcp d?"
    ),
}
PHASES_MAX = 3
WORDS = {
    "i": "a whole number", "s": "a text", "b": "true or false", "l": "a list of whole numbers", "m": "a list of lists of whole numbers",
    "o": "a list of objects", "d": "an object",
}  # fmt: skip


def is_kind(value, kind):
    if kind == "i":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "s":
        return isinstance(value, str)
    if kind == "b":
        return isinstance(value, bool)
    if kind == "d":
        return isinstance(value, dict)
    inner = {"l": "i", "m": "l", "o": "d"}[kind]
    return isinstance(value, list) and all([is_kind(item, inner) for item in value])


def check_fields(facts, rows, place):
    """Rejected: the first field of one object that is of another kind."""
    for row in rows.split(", "):
        field, kind = row.split(" ")
        if field in facts and not (is_kind(facts[field], kind[0]) or (kind[1:] == "?" and facts[field] is None)):
            raise Rejected("%s %s" % (place, field), facts[field], WORDS[kind[0]] + (" or null" if kind[1:] else ""))


def check_types(site):
    """Raises Rejected with the field and what it may be."""
    check_fields(site, TOP, "site.json")
    if not 1 <= site.get("phases", PHASES_MAX) <= PHASES_MAX:
        raise Rejected("site.json phases", site["phases"], "1..%d" % PHASES_MAX)
    for part in sorted(PARTS):
        items = site.get(part)
        if isinstance(items, list):
            for index, item in enumerate(items):
                check_fields(item, PARTS[part], "site.json %s[%d]" % (part, index))
        elif items is not None:
            check_fields(items, PARTS[part], "site.json " + part)
