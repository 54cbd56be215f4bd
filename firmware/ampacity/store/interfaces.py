"""The `files` door of the store, as a type for the checker. No runtime loads this file."""

if False:  # for the type checker
    from typing import Protocol

    Content = bytes | list[bytes]  # a list: one piece after another
    Names = list[str]

    class Files(Protocol):
        """Files of one folder. Every method raises OSError where the medium refuses; errno 28: it is full."""

        def read(self, name: str) -> "bytes | None":
            """All of a file, None if there is none."""

        def part(self, name: str, at: int, size: int) -> bytes:
            """At most `size` bytes of a file from offset `at` on; fewer only at its end, none where there is no file."""

        def append(self, name: str, data: bytes) -> None:
            """Add to a file, which is made if it is missing; not yet durable."""

        def sync(self, name: str) -> None:
            """All that was appended to the file is durable, and so is its name."""

        def holds(self, name: str, pieces: "list[bytes]") -> bool:
            """Does the file hold these pieces, one after another, and nothing else?"""

        def replace(self, name: str, data: Content) -> None:
            """The file holds `data` and nothing else, durable on return; after OSError it holds what it held."""

        def list(self) -> Names:
            """The names of all files."""

        def remove(self, name: str) -> None:
            """The file is gone, durable on return; no error if there was none."""
