"""Two configurations next to each other: what differs, whether it touches the safety of the site, and what is a secret.

A configuration is the content of `site.json`, of a primary or of a secondary. Lists of objects with names are compared by name.
Everything counts as safety but the fields listed here: a field that is not known here needs the rule of decision 21, too.
"""

from ampacity.base.url import same_peer, shown_url

if False:  # for the type checker
    from collections.abc import Iterator
    from typing import Any

SECRETS = ("password", "key_pem")
URL = "url"  # a field with an address, in which a password may stand
# fields that change neither a sum nor a reserve: of the site, of an EVSE
FREE = ("name", "ocpp", "time", "settings")
FREE_OF_EVSE = ("limit_da", "priority", "weight")  # not the connector: by it a charging point knows whether it reads a cable's coding
SHOWN_MAX = 60  # characters of one value
MISSING = object()


def without_secrets(value: "Any", path: str, found: "list[str]") -> "Any":
    """A copy in which each secret is null; their paths are added to `found`."""
    if isinstance(value, dict):
        out: "dict[str, Any]" = {}
        for key in sorted(value):
            if key in SECRETS and value[key] is not None:
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
            if key not in SECRETS:
                fill_secrets(new[key], theirs.get(key), joined(path, key), kept, missing)
            elif new[key] is None and theirs.get(key) is not None:
                new[key] = theirs[key]
                kept.append(joined(path, key))
            elif new[key] is None:
                missing.append(joined(path, key))
    elif isinstance(new, list):
        for i in range(len(new)):
            fill_secrets(new[i], partner(new[i], old, i), "%s[%s]" % (path, name_of(new[i], i)), kept, missing)


def changes(old: "Any", new: "Any", path: str = "") -> "Iterator[tuple[str, Any, Any]]":
    """(path, old value, new value) of each leaf that differs; MISSING: there is none."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(set(old) | set(new)):
            for each in changes(old.get(key, MISSING), new.get(key, MISSING), joined(path, key)):
                yield each
    elif is_named(old) and is_named(new):
        for name in sorted(set([item["name"] for item in old + new])):
            for each in changes(named(old, name), named(new, name), "%s[%s]" % (path, name)):
                yield each
        if [item["name"] for item in old] != [item["name"] for item in new]:
            yield path, "the order of its entries", "another order"
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path, old, new


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
    if path.rpartition(".")[2] in SECRETS:
        return path + ": a secret changes"
    if path.rpartition(".")[2] == URL:
        old, new = [shown_url(each) if isinstance(each, str) else each for each in (old, new)]
        if old == new:
            return path + ": user, password or query change"
    return "%s: %s -> %s" % (path, shown(old), shown(new))


def shown(value: "Any") -> str:
    """A value, as short as a line needs it; of an object with parts only that it is there."""
    if value is MISSING:
        return "absent"
    if isinstance(value, dict):
        return "an object"
    if is_named(value) and value:
        return "%d entries" % len(value)
    text = "null" if value is None else str(value)
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 3] + "..."


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
