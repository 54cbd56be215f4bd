"""One small defect at a time: every place of a module where an operator, a constant, a condition or a statement can be wrong.

A mutant is named by its file, its function, and its statement before and after, so that a list of equivalent mutants remains
valid when lines are added above. Texts, annotations and code for type checkers are not changed.
"""

import ast
import copy
from collections.abc import Iterator
from pathlib import Path

COMPARED = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
COMPUTED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}
SHOWN_MAX = 600
NEAR_MAX = 100  # from this constant on a quantity, not a count: doubled and halved instead of one off


class Mutant:
    """Node number `node` of the file's tree, replaced by its `choice`-th defect."""

    def __init__(self, file: str, function: str, line: int, node: int, choice: int, before: str, after: str) -> None:
        self.file, self.function, self.line = file, function, line
        self.node, self.choice = node, choice
        self.before, self.after = before, after
        self.outermost = ""  # the dotted name of the outermost function that it is in the body of
        self.again = 0  # number among those with the same texts

    @property
    def name(self) -> str:
        more = " #%d" % (self.again + 1) if self.again else ""
        return "%s: %s: %s => %s%s" % (self.file, self.function or "-", self.before, self.after, more)


def mutants_of(source: str, file: str) -> "list[Mutant]":
    """All mutants of a module; `file` is its name in them. Mutant.line: of the statement, 0 outside functions."""
    tree = ast.parse(source)
    found, seen = [], {}
    for number, node, parents in _numbered(tree):
        if _left_alone(node, parents):
            continue
        statement = next(p for p in [node, *reversed(parents)] if isinstance(p, ast.stmt))
        inside = [p for p in parents if isinstance(p, ast.FunctionDef | ast.AsyncFunctionDef)]
        before = _shown(statement)
        for choice, new in enumerate(_defects(node, parents)):
            line = statement.lineno if inside and statement is not inside[-1] else 0
            after = _shown(_with(statement, node, new))
            if after != before:
                was, after = _cut(before, after)
                path = ".".join(p.name for p in parents if isinstance(p, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef))
                mutant = Mutant(file, path, line, number, choice, was, after)
                name = mutant.name
                mutant.again = seen[name] = seen.get(name, -1) + 1
                mutant.outermost = _outermost(statement, parents)
                found.append(mutant)
    return found


def mutated(source: str, mutant: Mutant) -> ast.Module:
    """The module's tree with this defect."""
    tree = ast.parse(source)
    for number, node, parents in _numbered(tree):
        if number == mutant.node:
            new = _defects(node, parents)[mutant.choice]
            return ast.fix_missing_locations(_Swap(node, new).visit(tree))
    raise ValueError(f"{mutant.name}: the file has no such place")


def equivalent_names(path: Path) -> "dict[str, str]":
    """Name → reason, from a file of pairs of lines: the name, then, indented, why no behaviour can differ."""
    found, name = {}, ""
    for line in path.read_text().splitlines():
        if line.startswith((" ", "\t")):
            found[name] = (found[name] + " " + line.strip()).strip()
        elif line and not line.startswith("#"):
            name = line.strip()
            found[name] = ""
    return found


def _numbered(tree: ast.AST) -> "Iterator[tuple[int, ast.AST, list[ast.AST]]]":
    """Every node with its number and its ancestors, in the order of the text."""
    count = 0

    def walk(node: ast.AST, parents: "list[ast.AST]") -> "Iterator[tuple[int, ast.AST, list[ast.AST]]]":
        nonlocal count
        count += 1
        yield count, node, parents
        for child in ast.iter_child_nodes(node):
            yield from walk(child, [*parents, node])

    return walk(tree, [])


def _outermost(statement: ast.stmt, parents: "list[ast.AST]") -> str:
    """The function of a statement; "" if it runs when the module is imported, or if the function has more than code."""
    names = []
    for parent in parents:
        if isinstance(parent, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and parent is not statement:
            names.append(parent.name)
            if not isinstance(parent, ast.ClassDef):
                plain = all(isinstance(d, ast.Name) and d.id in ("property", "staticmethod", "classmethod") for d in parent.decorator_list)
                plain = plain and not any(isinstance(n, ast.Name) and n.id == "super" for n in ast.walk(parent))
                return ".".join(names) if plain else ""
    return ""


def _left_alone(node: ast.AST, parents: "list[ast.AST]") -> bool:
    chain = [*parents, node]
    for parent, child in zip(chain, chain[1:], strict=False):
        if isinstance(parent, ast.If) and ast.unparse(parent.test) in ("TYPE_CHECKING", "False"):
            return True
        if isinstance(parent, ast.AnnAssign | ast.arg) and child is parent.annotation:
            return True
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef) and child is parent.returns:
            return True
        if isinstance(parent, ast.Raise | ast.Assert | ast.Import | ast.ImportFrom):
            return True
        if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mod) and _is_text(parent.left):
            return True
    return len(chain) < 2 or any(isinstance(part, ast.Assign) and ast.unparse(part).startswith("TYPE_CHECKING") for part in chain)


def _defects(node: ast.AST, parents: "list[ast.AST]") -> "list[ast.AST]":
    kind = type(node).__name__
    maker = _MAKERS.get(kind)
    found = maker(node) if maker else []
    parent = parents[-1]
    if isinstance(node, ast.Constant) and isinstance(parent, ast.Return) and _says_bool(parents):
        return []  # covered by its statement's defects
    if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(parent, ast.Module | ast.ClassDef):
        return []  # a name that is missing everywhere fails in every test
    if isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.USub):
        found = [new for new in found if isinstance(new, ast.Constant) and new.value == 0]  # -1 means "none"; so does -2
    if isinstance(node, ast.expr) and (
        (isinstance(parent, ast.If | ast.While | ast.IfExp) and node is parent.test) or (isinstance(parent, ast.comprehension) and node in parent.ifs)
    ):
        found = [*found, ast.Constant(True), ast.Constant(False)]
    if isinstance(node, ast.Return) and _says_bool(parents):
        found = [ast.Return(ast.Constant(True)), ast.Return(ast.Constant(False))]
    return found


def _says_bool(parents: "list[ast.AST]") -> bool:
    function = next(p for p in reversed(parents) if isinstance(p, ast.FunctionDef | ast.AsyncFunctionDef))
    return function.returns is not None and ast.unparse(function.returns) == "bool"


def _compare(node: ast.Compare) -> "list[ast.AST]":
    found = []
    for at, op in enumerate(node.ops):
        for other in COMPARED[type(op)]:
            found.append(ast.Compare(node.left, [*node.ops[:at], other(), *node.ops[at + 1 :]], node.comparators))
    return found


def _bin_op(node: ast.BinOp) -> "list[ast.AST]":
    if type(node.op) not in COMPUTED or _is_text(node.left) or _is_text(node.right):
        return []
    return [ast.BinOp(node.left, COMPUTED[type(node.op)](), node.right)]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.List | ast.Tuple | ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _bool_op(node: ast.BoolOp) -> "list[ast.AST]":
    found: list[ast.AST] = [ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)]
    for at in range(len(node.values)):
        rest = [*node.values[:at], *node.values[at + 1 :]]
        found.append(rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest))
    return found


def _unary_op(node: ast.UnaryOp) -> "list[ast.AST]":
    return [node.operand] if isinstance(node.op, ast.Not) or not isinstance(node.operand, ast.Constant) else []


def _constant(node: ast.Constant) -> "list[ast.AST]":
    if isinstance(node.value, bool):
        return [ast.Constant(not node.value)]
    if not isinstance(node.value, int):
        return []
    n = node.value
    near = (n + 1, n - 1, 0) if n < NEAR_MAX else (n * 2, n // 2, 0)
    return [ast.Constant(m) for m in dict.fromkeys(near) if m != n and m >= 0]


def _call(node: ast.Call) -> "list[ast.AST]":
    if isinstance(node.func, ast.Name) and node.func.id in CALLED:
        return [ast.Call(ast.Name(CALLED[node.func.id], ast.Load()), node.args, node.keywords)]
    return []


def _return(node: ast.Return) -> "list[ast.AST]":
    nothing = node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None)
    return [] if nothing else [ast.Return(ast.Constant(None))]


def _deleted(node: ast.stmt) -> "list[ast.AST]":
    if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call | ast.Await):
        return []
    return [] if isinstance(node, ast.AnnAssign) and node.value is None else [ast.Pass()]


def _assigned(node: ast.AugAssign) -> "list[ast.AST]":
    if type(node.op) not in COMPUTED or _is_text(node.value):
        return [ast.Pass()]
    return [ast.Pass(), ast.AugAssign(node.target, COMPUTED[type(node.op)](), node.value)]


_MAKERS = {
    "Compare": _compare,
    "BinOp": _bin_op,
    "BoolOp": _bool_op,
    "UnaryOp": _unary_op,
    "Constant": _constant,
    "Call": _call,
    "Return": _return,
    "Assign": _deleted,
    "AnnAssign": _deleted,
    "Expr": _deleted,
    "Raise": _deleted,
    "AugAssign": _assigned,
    "Continue": lambda node: [ast.Break(), ast.Pass()],
    "Break": lambda node: [ast.Continue(), ast.Pass()],
}


class _Swap(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.old:
            return ast.copy_location(self.new, node)
        return super().visit(node)


def _with(statement: ast.stmt, old: ast.AST, new: ast.AST) -> ast.stmt:
    """The statement with `new` in place of `old`; the statement itself is not changed."""
    if statement is old:
        return new  # type: ignore[return-value]
    memo = {id(old): new}
    return copy.deepcopy(statement, memo)


def _shown(statement: ast.stmt) -> str:
    """The statement in one line, without its body."""
    text = ast.unparse(statement)
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.If | ast.While | ast.For | ast.With | ast.Try):
        text = text.split("\n")[0]
    return " ".join(text.split())


def _cut(before: str, after: str) -> "tuple[str, str]":
    """The beginning of a long statement, such as a table, and the surroundings of the change."""
    if len(before) < SHOWN_MAX:
        return before, after
    at = next((at for at in range(len(after)) if after[: at + 1] != before[: at + 1]), len(after))
    return before[:40] + " …", "… " + after[max(0, at - 20) : at + 20] + " …, %d characters in" % at
