"""One line of the benchmark table."""

from typing import Any

Entry = dict[str, Any]


def entry(row: str, ours: float, reference: float, unit: str, aim: str | None = None, note: str = "") -> Entry:
    """A measured row. aim: "<= 1.05" or ">= 3", compared with ours / reference; None: reported only."""
    ratio = ours / reference if reference else 0.0
    return {
        "row": row,
        "ours": rounded(ours),
        "reference": rounded(reference),
        "unit": unit,
        "ratio": rounded(ratio),
        "aim": aim,
        "ok": reaches(ratio, aim),
        "note": note,
    }


def unmeasured(row: str, why: str) -> Entry:
    """A row that could not be measured here; `why` gives the reason in a few words."""
    return {"row": row, "ours": None, "reference": None, "unit": "", "ratio": None, "aim": None, "ok": False, "note": why}


def reaches(ratio: float, aim: str | None) -> bool:
    if aim is None:
        return True
    sign, bound = aim.split()
    return ratio <= float(bound) if sign == "<=" else ratio >= float(bound)


def rounded(value: float) -> float:
    """Four significant digits; further digits are noise."""
    return float(f"{value:.4g}")


def wanted(row: str, only: "str | None") -> bool:
    """Does `--only ROW` select this row? It names a row, or one case of a row."""
    return only is None or row == only or row.startswith(only + "/") or only.startswith(row + "/")
