"""How many lines must be right for the guarantee of docs/safety-case.md: `python -m tools.trusted`.

Lines of code exclude blank lines, comments and docstrings. Counted per part: the trusted room; the files next to it that
connect it to the policy, implement a rule or write evidence; the one file of the policy on which assumption M1 depends; and, outside
`circuit/`, what implements rule 12 and the part of rule 1 that concerns orders of several writes, and what proves orders and settings.
"""

import ast
import io
import sys
import tokenize
from pathlib import Path

CIRCUIT = Path(__file__).resolve().parents[1] / "firmware" / "ampacity" / "circuit"
BUS = CIRCUIT.parent / "bus"
TRUSTED = "trusted"
POLICY = "policy"
BESIDE = ("guard.py", "cascaded_guard.py", "safety_load.py", "commissioning.py")  # order of a pass, modes; rule 13; rule 3.6; tests
OUTSIDE = ("leases", "profile/orders", "profile/proof", "profile/pause_evidence.py")  # of bus/: grants; writes of an order; proof
FOR_METERS = "policy/meter_test_steps.py"  # how soon a meter that lies is found (M1)
NO_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER, tokenize.ENCODING)


def code_lines(text: str) -> int:
    """Lines of a module with anything other than a comment or docstring."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node, False) is not None:
            lines.difference_update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return len(lines)


def modules(place: Path) -> list[Path]:
    """A file, or all modules below a folder."""
    return [place] if place.is_file() else sorted(place.rglob("*.py"))


def count() -> "dict[str, int]":
    """{part: lines of code}."""
    rooms = {name: sorted((CIRCUIT / name).rglob("*.py")) for name in (TRUSTED, POLICY)}
    parts = {name: sum(code_lines(path.read_text()) for path in paths) for name, paths in rooms.items()}
    parts["beside"] = sum(code_lines((CIRCUIT / name).read_text()) for name in BESIDE)
    parts["outside"] = sum(code_lines(path.read_text()) for name in OUTSIDE for path in modules(BUS / name))
    parts["for meters"] = code_lines((CIRCUIT / FOR_METERS).read_text())
    parts["circuit"] = sum(code_lines(path.read_text()) for path in CIRCUIT.rglob("*.py"))
    return parts


def main() -> int:
    """Prints the table."""
    parts = count()
    print("circuit/trusted  %5d\nbeside it        %5d  (%s)" % (parts[TRUSTED], parts["beside"], ", ".join(BESIDE)))
    print("must be right    %5d\nfor M1           %5d  (%s)" % (parts[TRUSTED] + parts["beside"], parts["for meters"], FOR_METERS))
    print("all of circuit/  %5d" % parts["circuit"])
    print("outside, in bus/ %5d  (%s)" % (parts["outside"], ", ".join(OUTSIDE)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
