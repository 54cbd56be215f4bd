"""Does a site fit a board? The primary's heap by number of EVSEs is measured (docs/benchmarks.md, `heap-site`)."""

from pathlib import Path

from ampacity_host.board.findings import Board
from ampacity_host.board.rules.memory import least_heap_kib, most_evses
from ampacity_host.configure import compile_site, load_site


def site_size(path: Path) -> tuple[int, bool]:
    """(EVSEs of a site file, whether its primary holds a TLS session). Raises SiteErrors."""
    facts = compile_site(load_site(path))
    return len(facts["evses"]), str((facts.get("ocpp") or {}).get("url", "")).startswith("wss:")


def site_warnings(board: Board, evses: int, tls: bool) -> list[str]:
    """Why a primary of that many EVSEs does not fit this variant; [] where it does. The code counts as frozen."""
    name, heap_kib, most = f"{board['name']}:{board['variant']}", board["memory"]["heap_kib"], board["site"]["evses_max"]
    least = least_heap_kib(evses, tls)
    basis = "" if evses <= most_evses() else f" (computed; measured for at most {most_evses()} EVSEs)"
    found = []
    if not most:
        found.append(f"{name}: the board is a secondary (site.evses_max = 0) and cannot be the primary of this site")
    elif evses > most:
        found.append(f"{name}: the site has {evses} EVSEs; the board is declared for at most {most} (site.evses_max)")
    if heap_kib < least:
        found.append(f"{name}: a primary of {evses} EVSEs needs a heap of {least} KiB{basis}; the board has {heap_kib} KiB")
    return found
