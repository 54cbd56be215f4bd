"""Citations: what code, tests and documents refer to by a number or a path, and whether that is there.

Cited are the rules, sections, assumptions and invariants of docs/safety.md, decisions by their number, and documents by their
path. What stands behind the name of another standard ("RFC 6455, section 5") is that standard's.
"""

import re
from pathlib import Path

from house import ROOT, files

SAFETY = ROOT / "docs" / "safety.md"
NUMBER = r"\d+(?:\.\d+)?"
BETWEEN = r"(?:\s*,\s+(?:and\s+)?|\s+(?:and|to|or)\s+|[-–])"
NUMBERS = f"({NUMBER}(?:{BETWEEN}{NUMBER})*)"
ID = r"[DCMITSL]\d+"
RULES = re.compile(rf"\b[Rr]ules?\s+{NUMBERS}")
SECTIONS = re.compile(rf"\b[Ss]ections?\s+{NUMBERS}")
OF_SAFETY = re.compile(rf"safety\.md,?\s+(?:section\s+)?{NUMBERS}")
OTHER_LOAD = re.compile(r"(?<=[a-z] )\((3\.[1-9]\d*)(?=[,);: ])")
METHODS = re.compile(r"\b_rule_(\d+)(?:_(\d+)(?=_))?")
MUTANTS = re.compile(rf'^ +"({NUMBER}) [a-z][a-z ]*": \(', re.M)
IDS = re.compile(rf"\b(?:[Aa]ssumptions?|[Ii]nvariants?)\s+({ID}(?:{BETWEEN}{ID})*)")
TERMS = re.compile(r'(?:safety\.md|[Ss]ection\s+1),\s+"([^"\n]+)"')
DECISIONS = re.compile(rf"\b[Dd]ecisions?\s+{NUMBERS}")
DOCUMENTS = re.compile(r"""(?<![\w./-])(docs/[\w/-]+\.md|(?<!["'])[\w/-]+\.md)\b""")  # "x.md" alone is a string, no citation
OTHERS = re.compile(r"\b(?:RFC|IEC|ISO|IEEE|OCPP|Modbus|Specification|Guide|Annex|Manual)\b[^.;()\n]*$")
OUTSIDE = "../" + "shared"
INVENTED = {"docs/table.md", "beside.md"}  # tests write them


class Known:
    """What may be cited, read from docs/safety.md and the folder of decisions."""

    def __init__(self, text: str, decisions: "list[str]", documents: "set[str]") -> None:
        self.sections = set(re.findall(r"^## (\d+)\.", text, re.M)) | set(re.findall(r"^### (\d+\.\d+) ", text, re.M))
        self.rules = set(re.findall(r"^### Rule (\d+):", text, re.M)) | {number for number in self.sections if number.startswith("3.")}
        self.ids = set(re.findall(rf"^\| ({ID}) \|", text, re.M))
        words = re.findall(r"^\| ([^|`]+) \|", text.partition("\n## 2.")[0], re.M)
        self.terms = {word.strip() for cell in words for word in cell.split(",")}
        self.decisions = {str(int(name[:4])) for name in decisions}
        self.documents = documents


def known() -> Known:
    decisions = [path.name for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")]
    paths = [path.relative_to(ROOT).as_posix() for path in files(".md")]
    short = {path.rpartition("/")[2] for path in paths} | {path.removeprefix("docs/") for path in paths}
    return Known(SAFETY.read_text(), decisions, {*paths, *short, *INVENTED})


def spread(text: str) -> "list[str]":
    """Every number or id of a list such as `1, 2 and 5 to 7`."""
    found = re.findall(rf"{ID}|{NUMBER}", text)
    for first, last in re.findall(r"\b([A-Z]?\d+)(?:\s+to\s+|[-–])([A-Z]?\d+)\b(?!\.)", text):
        letter = first.rstrip("0123456789")
        found += [f"{letter}{number}" for number in range(int(first[len(letter) :]), int(last[len(letter) :]))]
    return found


def cited(text: str) -> "list[tuple[int, str, str]]":
    """(place, kind, what) of every citation in a text."""
    found: list[tuple[int, str, str]] = []
    for kind, pattern in (("rules", RULES), ("sections", SECTIONS), ("sections", OF_SAFETY), ("rules", OTHER_LOAD), ("rules", MUTANTS),
                          ("ids", IDS), ("decisions", DECISIONS)):  # fmt: skip
        for each in pattern.finditer(text):
            if not OTHERS.search(text, max(0, each.start() - 100), each.start()):
                found += [(each.start(), kind, what) for what in spread(each[1])]
    found += [(each.start(), "rules", each[1] + (f".{each[2]}" if each[2] else "")) for each in METHODS.finditer(text)]
    found += [(each.start(), "terms", each[1]) for each in TERMS.finditer(text)]
    return found + [(each.start(), "documents", each[1]) for each in DOCUMENTS.finditer(text)]


def unresolved(text: str, there: Known) -> "list[tuple[int, str]]":
    """(line, finding) of what is cited and is not there."""
    found = [(place, f"cites {kind.rstrip('s')} {what}") for place, kind, what in cited(text) if what not in getattr(there, kind)]
    found += [(each.start(), f"cites {OUTSIDE}") for each in re.finditer(re.escape(OUTSIDE), text)]
    return [(text.count("\n", 0, place) + 1, said) for place, said in sorted(found)]


def readers() -> "list[Path]":
    """Files whose citations are read: sources and documents, not data, and not what profiles quote of makers' papers."""
    chosen = [path for path in files(".py", ".md", ".toml", "") if path.name != "LICENSE" and "data" not in path.parts]
    return [path for path in chosen if path.suffix != ".toml" or not {"profiles", "described"} & set(path.parts)]
