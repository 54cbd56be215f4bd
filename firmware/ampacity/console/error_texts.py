"""Refusals as sentences for people: what was typed, what was probably meant, and what there is."""

from ampacity.base.errors import NotNow, Rejected

NAMES_MAX = 24  # as many are listed; a site may have hundreds


class UnknownName(Rejected):
    """A name that is not there. kind: what it would name; names: list of those that are."""

    def __init__(self, kind: str, name: str, names: "list[str]") -> None:
        super().__init__(kind, name, ", ".join(names) or "none exist")
        self.names = names


class UsageError(Rejected):
    """A command with words that it does not take, or without those that it needs. usage: how it is written."""

    def __init__(self, usage: str, words: "list[str]") -> None:
        super().__init__(usage.split()[0], " ".join(words), usage)


def sentence(error: "Rejected") -> str:
    """What a person reads for a Rejected, without a full stop."""
    field, value, allowed = error.field, str(error.value), error.allowed
    if isinstance(error, UsageError):
        typed = "%s does not take `%s`" % (field, value) if value else "%s needs more words" % field
        return "%s; usage: %s" % (typed, allowed)
    if isinstance(error, UnknownName):
        return "there is no %s `%s`%s; %s" % (field, value, meant(value, error.names), listed(error.names))
    if isinstance(error, NotNow):
        return "%s is refused: %s" % ("%s `%s`" % (field, value) if value else field, allowed)
    if not value or error.value is None:
        return "%s needs %s" % (field, allowed)
    return "%s `%s` is refused; expected: %s" % (field, value, allowed)


def meant(name: str, names: "list[str]") -> str:
    """", did you mean …?" or nothing."""
    found = near(name, names)
    return ", did you mean `%s`?" % found if found else ""


def listed(names: "list[str]") -> str:
    """`there are …` with at most 24 of the names, and how many more there are."""
    if not names:
        return "none exist"
    more = len(names) - NAMES_MAX
    return "there are " + ", ".join(names[:NAMES_MAX]) + (" and %d more" % more if more > 0 else "")


def near(name: str, names: "list[str]") -> "str | None":
    """The one of the names that was probably meant, or None: what begins like it, or is one or two typing errors away."""
    name = name.lower()
    best, least = None, min(2, (len(name) + 1) // 3)
    for one in names:
        distance = errors(name, one.lower())
        if distance <= least and (best is None or distance < least):
            best, least = one, distance
    if best is None and len(name) > 1:
        begin = [one for one in names if one.lower().startswith(name)]
        best = begin[0] if len(begin) == 1 else None
    return best


def errors(a: str, b: str) -> int:
    """How many typing errors are between two words: a letter too many, too few, another one, or two exchanged."""
    before, row = None, list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        before, last, row = row, before, [i]
        for j in range(1, len(b) + 1):
            cost = 0 if a[i - 1] == b[j - 1] else 1
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + cost)
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                least = min(least, last[j - 2] + 1)
            row.append(least)
    return row[-1]
