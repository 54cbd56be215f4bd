"""Two configurations next to each other: what differs, whether it touches the safety of the site, and what is a secret.

A configuration is the content of `site.json`, of a primary or of a secondary. Lists of objects with names are compared by name, and an index
of another list by the name at that place: an EVSE that moves to another circuit is a change, another order of the circuits is none of its.
Everything counts as safety but the fields listed here: a field that is not known here needs the rule of decision 21, too.
"""

from ampacity.base.url import same_peer, shown_url
from ampacity.console.journal import TEXT_MAX

if False:  # for the type checker
    from collections.abc import Iterator
    from typing import Any

SECRETS = ("password", "key_pem")
PASSWORD = "basicauthpassword"  # in any letters, part of the name of an OCPP variable below `ocpp.config`
# fields that change neither a sum nor a reserve: of the site, of an EVSE
FREE = ("name", "ocpp", "time", "settings")
FREE_OF_EVSE = ("limit_da", "priority", "weight")  # not the connector: by it a charging point knows whether it reads a cable's coding
SHOWN_MIN = 20  # characters of one value, also after a long path
SAME = 8  # characters before the first difference of two long values
REFERENCES = {"circuit": "circuits", "parent": "circuits", "bus": "buses", "meter": "meters", "evses": "evses"}  # fields with an index of a list
DECISIVE = ("rating_da", "max_da", "fallback_da", "circuit", "parent", "unit")  # shown of an entry that comes or goes
MISSING = object()


def without_secrets(value: "Any", path: str, found: "list[str]") -> "Any":
    """A copy in which each secret is null; their paths are added to `found`."""
    if isinstance(value, dict):
        out: "dict[str, Any]" = {}
        for key in sorted(value):
            if is_secret(key) and value[key] is not None:
                found.append(joined(path, key))
                out[key] = None
            else:
                out[key] = without_secrets(value[key], joined(path, key), found)
        return out
    if isinstance(value, list):
        return [without_secrets(value[i], "%s[%s]" % (path, name_of(value[i], i)), found) for i in range(len(value))]
    return value


def fill_secrets(new: "Any", old: "Any", path: str, kept: "list[str]", missing: "list[str]") -> None:
    """Puts the secrets of `old` into `new` where it has null in their place. kept: their paths; missing: places that have none in either.

    A secret that would go to another address than before, or to a lower security profile, is missing, too.
    """
    if isinstance(new, dict):
        theirs = old if isinstance(old, dict) and same_peer(new, old) else {}
        for key in sorted(new):
            if not is_secret(key):
                fill_secrets(new[key], theirs.get(key), joined(path, key), kept, missing)
            elif new[key] is None and theirs.get(key) is not None:
                new[key] = theirs[key]
                kept.append(joined(path, key))
            elif new[key] is None:
                missing.append(joined(path, key))
    elif isinstance(new, list):
        for i in range(len(new)):
            fill_secrets(new[i], partner(new[i], old, i), "%s[%s]" % (path, name_of(new[i], i)), kept, missing)


def changes(old: "Any", new: "Any", path: str = "", tops: "tuple[Any, Any] | None" = None) -> "Iterator[tuple[str, Any, Any]]":
    """(path, old value, new value) of each leaf that differs; MISSING: there is none. tops: both whole configurations, where these are parts."""
    if tops is None:
        tops = (old, new)
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted(set(old) | set(new))
        if not path:  # what holds for the whole site is first
            keys.sort(key=lambda key: (isinstance(new.get(key, old.get(key)), (dict, list)), key))
        for key in keys:
            one = named_reference(tops[0], key, old.get(key, MISSING))
            other = named_reference(tops[1], key, new.get(key, MISSING))
            for each in changes(one, other, joined(path, key), tops):
                yield each
    elif is_named(old) and is_named(new):
        for name in sorted(set([item["name"] for item in old + new])):
            for each in changes(named(old, name), named(new, name), "%s[%s]" % (path, name), tops):
                yield each
        if [item["name"] for item in old] != [item["name"] for item in new]:
            yield path, "the order of its entries", "another order"
    elif old is MISSING or new is MISSING:
        yield path, summary(old, tops[0]), summary(new, tops[1])
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path, old, new


def named_reference(top: "Any", key: str, value: "Any") -> "Any":
    """The name behind an index of another list, of each where there are several; any other value as it is."""
    if isinstance(value, list):
        return [named_reference(top, key, each) for each in value] if key == "evses" else value
    rows = top.get(REFERENCES[key]) if key in REFERENCES and isinstance(value, int) and not isinstance(value, bool) else None
    if not isinstance(rows, list) or not 0 <= value < len(rows) or not isinstance(rows[value], dict):
        return value
    return rows[value].get("name", value)


def summary(value: "Any", top: "Any") -> "Any":
    """What an entry that comes or goes means for a sum, as text; any other value as it is."""
    if not isinstance(value, dict):
        return value
    told = ["%s %s" % (key, shown(named_reference(top, key, value[key]))) for key in DECISIVE if key in value]
    return ", ".join(told) or "an object"


def touches_safety(path: str, role: str) -> bool:
    """Does a change of the field with this path touch ratings, reserves or anything else that a sum depends on? role: of the controller."""
    if role != "primary":
        return True
    top, _, rest = path.partition(".")
    if top in FREE:
        return False
    return not (top.startswith("evses[") and rest in FREE_OF_EVSE)


def line_of(path: str, old: "Any", new: "Any") -> str:
    """A change as a line for people; secrets are not shown, nor what shown_url leaves out of an address."""
    if is_secret(path.rpartition(".")[2]) or PASSWORD in path.lower():
        return path + ": a secret changes"
    one, other = shown(old), shown(new)
    if "://" in one + other:
        one, other = shown_url(one), shown_url(other)
        if one == other:
            return path + ": user, password or query change"
    room = max(SHOWN_MIN, (TEXT_MAX - len(path) - 6) // 2)
    start = 0
    if len(one) > room and len(other) > room:
        while start < len(one) and one[start : start + 1] == other[start : start + 1]:
            start += 1
        start = max(0, start - SAME)
    return "%s: %s -> %s" % (path, cut(one, start, room), cut(other, start, room))


def is_secret(name: str) -> bool:
    """Is a field with this name never shown?"""
    return name in SECRETS or PASSWORD in name.lower()


def shown(value: "Any") -> str:
    """A value as text; of an object, and of a list with objects, only that it is there."""
    if value is MISSING:
        return "absent"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list) and [each for each in value if isinstance(each, dict)]:
        return "%d entries" % len(value)
    return "null" if value is None else str(value)


def cut(text: str, start: int, room: int) -> str:
    """At most `room` characters of it, from `start` on."""
    if start:
        text = "..." + text[start:]
    return text if len(text) <= room else text[: room - 3] + "..."


def joined(path: str, key: str) -> str:
    """The path of a field below another."""
    return path + "." + key if path else key


def name_of(item: "Any", index: int) -> "Any":
    """How an item of a list is named in a path."""
    return item["name"] if isinstance(item, dict) and "name" in item else index


def is_named(value: "Any") -> bool:
    """A list of objects that all have a name of their own?"""
    if not isinstance(value, list):
        return False
    names = [item.get("name") for item in value if isinstance(item, dict)]
    return len(names) == len(value) and None not in names and len(set(names)) == len(names)


def named(items: "list[Any]", name: str) -> "Any":
    """The item with this name, MISSING if there is none."""
    for item in items:
        if item["name"] == name:
            return item
    return MISSING


def partner(item: "Any", others: "Any", index: int) -> "Any":
    """What corresponds to this item in another list: that of the same name, else of the same place; None: nothing."""
    if not isinstance(others, list):
        return None
    if isinstance(item, dict) and "name" in item:
        for other in others:
            if isinstance(other, dict) and other.get("name") == item["name"]:
                return other
        return None
    return others[index] if index < len(others) else None
