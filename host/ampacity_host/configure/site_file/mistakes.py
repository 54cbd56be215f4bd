"""What is wrong with a site file: every mistake at once, each with its place, its field and what is allowed there."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Mistake:
    """One thing to correct.

    file, line: where (line 0: nowhere in particular); where: the table, as `evse "evse-2"`; field: dotted key or "".
    level: "error" refuses the file; "warning" is reported only.
    """

    file: str
    line: int
    where: str
    field: str
    value: str
    allowed: str
    level: str = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        what = f"{self.where}: {self.field}" if self.field else self.where
        return f"{place}: {what}: {self.value}; {self.allowed}"

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "text": str(self)}


class SiteErrors(Exception):
    """A site file that cannot be used; `.mistakes` lists all of them, in the order of the file. rest: what a file that is no TOML says
    nevertheless (toml_repair.Rest), to look for more."""

    def __init__(self, mistakes: list[Mistake], rest: "object" = None) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes
        self.rest = rest


class Collector:
    """Takes mistakes while a file is read; `.refuse()` raises them together. starting: for a start, which certificates do not stop."""

    def __init__(self, file: str, starting: bool = False) -> None:
        self.file = file
        self.starting = starting
        self.mistakes: list[Mistake] = []

    def add(self, table: "object", field: str, value: str, allowed: str, level: str = "error") -> None:
        """table: anything with `.where` and `.line_of(field)`; value: what is there and why that is wrong."""
        where, line = table.where, table.line_of(field)  # type: ignore[attr-defined]
        self.mistakes.append(Mistake(self.file, line, where, field, value, allowed, level))

    def add_secret(self, table: "object", field: str, value: str, allowed: str) -> None:
        """A certificate or key that cannot be used: an error for a check, and a warning for a start, which does without that connection."""
        if self.starting:
            self.add(table, field, value, f"{allowed}; until then the controller runs without this connection", "warning")
        else:
            self.add(table, field, value, allowed)

    def has(self, table: "object", field: str) -> bool:
        """Is there a mistake in that field already?"""
        place = (table.where, table.line_of(field), field)  # type: ignore[attr-defined]
        return any((m.where, m.line, m.field) == place for m in self.mistakes)

    def errors(self) -> list[Mistake]:
        return [m for m in self.in_order() if m.level == "error"]

    def warnings(self) -> list[Mistake]:
        return [m for m in self.in_order() if m.level == "warning"]

    def in_order(self) -> list[Mistake]:
        return sorted(self.mistakes, key=lambda m: (m.line == 0, m.line))

    def refuse(self) -> None:
        """Raise SiteErrors if anything collected is an error."""
        if self.errors():
            raise SiteErrors(self.errors())
