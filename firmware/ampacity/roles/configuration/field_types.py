"""Of which kind each field of the compiled site is. What is not so is refused by its place before anything computes with it.

i integer, s text, b yes or no, l list of integers, m list of lists of integers, o list of objects, d object; "?" may be null as well.
What ends with a unit and is not listed is an integer. Other fields are left to the code that reads them; a missing one has that code's default.
"""

from ampacity.base.errors import Rejected
from ampacity.base.host_name import HOST_WORDS, is_host
from ampacity.base.printable import printable

if False:  # for the type checker
    from ampacity.roles.interfaces import SiteFacts

FIELDS = (
    "format i voltage_v i system s require_tested b circuits o buses o meters o evses o profiles d ocpp d? time d settings d alarm_output s? "
    "name s kind s profile s? bus i unit i host s? tcp_port i? port s? baud i parity s stop i gateway b private b tls d? tcp d? "
    "rating_da l assumed_other_da l generation_da l continuous_da l breaker s? frees_phases b meter i contract_w i? max_unbalance_da i? "
    "max_neutral_da i? inputs i coarse b circuit i terminals m priority i weight i watchdog_fixed b power_on_source s? survives b holds b "
    "held b proof s poll_feeds b one_client b by_power b connector s feeder_output s? version s identity s url s security_profile i password s? "
    "storage_kib i root_pem s? certificate_pem s? key_pem s? additional_root_check b? tls_min s? iso15118 b? "
    "publish_address s? publish_kib i config d? tz s? ntp s? serial s off_shows s slot_s i start_delay_s i"
).split(" ")
PARTS = (("circuits", "parent i"), ("buses", ""), ("meters", "phases l"), ("evses", ""), ("ocpp", ""), ("time", ""), ("settings", ""), ("parent", ""))
TOP = "phases i parent d?"
UNITS = ("_da", "_ms")
PHASES_MAX = 3
PEM = "_pem"  # the end of the names of texts with lines
TEXT_MAX, SHOWN_MAX = 512, 60
PRINTS = "a text that prints, of at most %d characters" % TEXT_MAX
# least and greatest value of integers that no other code looks at before it computes with them; those in ms are 0 or more
MOST = 1 << 53
RANGES = {"step_da": (1, MOST), "security_profile": (0, 3), "storage_kib": (1, MOST), "publish_kib": (1, MOST), "slot_s": (0, MOST),
          "start_delay_s": (0, MOST), "deadband_da": (0, MOST)}  # fmt: skip
WORDS = {
    "i": "a whole number", "s": "a text", "b": "true or false", "l": "a list of whole numbers", "m": "a list of lists of whole numbers",
    "o": "a list of objects", "d": "an object",
}  # fmt: skip


def is_kind(value: object, kind: str) -> bool:
    """Is this value of the kind that a letter of the module's text names?"""
    if kind == "i":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind in "sbd":
        return isinstance(value, {"s": str, "b": bool, "d": dict}[kind])
    inner = {"l": "i", "m": "l", "o": "d"}[kind]
    return isinstance(value, list) and all([is_kind(item, inner) for item in value])


def kind_of(field: str, rows: "list[str]") -> "str | None":
    """The kind of a field by these rows (name, kind, name, …), None: not listed. A unit at its end makes it an integer."""
    for at in range(0, len(rows) - 1, 2):
        if rows[at] == field:
            return rows[at + 1]
    return "i" if rows is FIELDS and field[-3:] in UNITS else None


def check_fields(facts: "SiteFacts", own: str, place: str) -> None:
    """Rejected: the first field of one object that is of another kind. own: rows that stand before those of all parts."""
    rows = own.split(" ")
    for field in sorted(facts):
        kind, value = kind_of(field, rows) or kind_of(field, FIELDS), facts[field]
        if kind and not (is_kind(value, kind[0]) or (kind[1:] and value is None)):
            raise Rejected("%s %s" % (place, field), value, WORDS[kind[0]] + (" or null" if kind[1:] else ""))
        least, most = RANGES.get(field, (0 if field[-3:] == "_ms" else -MOST, MOST))
        if field == "ntp" and value is not None and not is_host(value):
            raise Rejected("%s %s" % (place, field), printable(value), HOST_WORDS + ", or null")
        if isinstance(value, str) and field[-4:] != PEM:
            word = field != "name" or value[:1] not in ("", "-") and " " not in value
            if not word or len(value) > TEXT_MAX or printable(value) != value:
                raise Rejected("%s %s" % (place, field), printable(value[:SHOWN_MAX]), "a word that prints" if not word else PRINTS)
        if is_kind(value, "i") and not least <= value <= most:
            raise Rejected("%s %s" % (place, field), value, "%d..%d" % (least, most))


def check_types(site: "SiteFacts") -> None:
    """Raises Rejected with the field and what it may be."""
    check_fields(site, TOP, "site.json")
    if not 1 <= site.get("phases", PHASES_MAX) <= PHASES_MAX:
        raise Rejected("site.json phases", site["phases"], "1..%d" % PHASES_MAX)
    for part, own in PARTS:
        items = site.get(part)
        if isinstance(items, list):
            for index, item in enumerate(items):
                check_fields(item, own, "site.json %s[%d]" % (part, index))
        elif items is not None:
            check_fields(items, own, "site.json " + part)
