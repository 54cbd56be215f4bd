"""Rule 8: what lowers our trust is durable before anything is raised again. A restart would else forget it.

Whoever trusts something less than before says `fell`; the journal's keeper writes, and tells which version it holds for sure.
"""


class Durable:
    """`kept` None: there is no journal, as in a search."""

    def __init__(self) -> None:
        self.version = 0
        self.kept: "int | None" = None

    def fell(self) -> None:
        self.version += 1

    def is_kept(self) -> bool:
        """Does the journal hold all of it?"""
        return self.holds(self.version)

    def holds(self, version: int) -> bool:
        """And all of it up to then?"""
        return self.kept is None or self.kept >= version
