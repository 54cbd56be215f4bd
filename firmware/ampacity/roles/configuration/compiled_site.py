"""The compiled site: the description of the installation for a primary (`site.json`).

The host compiles it from the installer's site file and has checked it; the controller does not
trust that: the same structural rules and the same sums are checked again here before anything runs. The module is needed for that
only, and let go of.
"""

from ampacity.base.compat import forget
from ampacity.base.errors import Rejected
from ampacity.roles.configuration.site_rows import SharedRow

if False:  # for the type checker
    from typing import Any

    from ampacity.roles.interfaces import SiteFacts

FORMAT = 1
LISTS = ("circuits", "buses", "meters", "evses")
OWN_MAX = 12  # so many fields of its own may a row have that is kept as a SharedRow


def refuse_errors(site: "SiteFacts", kept: "dict[str, Any] | None") -> None:
    """Raise Rejected with the first finding of the section 4 check that forbids to run. It is imported for that only."""
    from ampacity.circuit.trusted.site.check import check_site

    findings = check_site(site, kept)
    forget("ampacity.circuit.trusted.site.check")
    forget("ampacity.circuit.trusted.site.structure")
    for finding in findings:
        if finding.get("level", "error") == "error":
            fix = finding.get("fix") or "a site that passes `ampacity check`"
            raise Rejected("site.json " + str(finding.get("where")), finding["text"], str(fix))


def refuse_types(site: "SiteFacts") -> None:
    """Raise Rejected with the first field that is of another kind than it must be."""
    from ampacity.roles.configuration.field_types import check_types

    check_types(site)
    forget("ampacity.roles.configuration.field_types")


def checked(site: "SiteFacts", kept: "dict[str, Any] | None" = None) -> "SiteFacts":
    """The site facts in the form that a primary keeps, when it can run on them. kept: the evidence of its journal. Raises Rejected."""
    if not isinstance(site, dict) or site.get("format") != FORMAT:
        raise Rejected("site.json format", site.get("format") if isinstance(site, dict) else site, str(FORMAT))
    refuse_types(site)
    for key in LISTS:
        if not isinstance(site.get(key), list):
            raise Rejected("site.json " + key, site.get(key), "a list")
    refuse_errors(site, kept)
    share_terminals(site)
    share_empty(site.get("profiles") or {}, [])
    shared = dict(site)
    shared["evses"] = shared_rows(site["evses"])
    return shared


def share_terminals(site: "SiteFacts") -> None:
    """Most EVSEs have the same terminals: equal ones become one list, which is never changed."""
    known: "list[object]" = []
    for evse in site["evses"]:
        terminals = evse.get("terminals")
        if terminals in known:
            evse["terminals"] = known[known.index(terminals)]
        else:
            known.append(terminals)


def share_empty(value: "Any", empty: "list[object]") -> None:
    """Most fields of a profile have no special values: all their empty lists become one, which is never changed."""
    for place in value if isinstance(value, dict) else range(len(value)):
        part = value[place]
        if isinstance(part, list) and not part:
            value[place] = empty
        elif isinstance(part, (dict, list)):
            share_empty(part, empty)


def shared_rows(rows: "list[dict[str, Any]]") -> "list[Any]":
    """Most EVSEs differ in a name and an address only: each that is like an earlier one becomes a SharedRow."""
    out: "list[Any]" = []
    firsts: "list[dict[str, Any]]" = []
    for row in rows:
        for first in firsts:
            own = {field: row[field] for field in row if field not in first or first[field] != row[field]}
            if len(own) <= OWN_MAX and all([field in row for field in first]):
                out.append(SharedRow(own, first))
                break
        else:
            firsts.append(row)
            out.append(row)
    return out
