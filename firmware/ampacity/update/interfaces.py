"""The `tree` door of the slots, as a type for the checker. No runtime loads this file."""

if False:  # for the type checker
    from typing import Protocol

    Names = list[str]

    class Tree(Protocol):
        """Files in folders; a name is `folder/…/file`. Methods raise OSError where the medium refuses; errno 28: it is full.

        A power cut in `append` leaves any part of it, or other bytes in its place. Until `sync` nothing that was appended is durable.
        """

        def size(self, name: str) -> "int | None":
            """Bytes of a file, None if there is none."""

        def part(self, name: str, offset: int, size: int) -> bytes:
            """At most `size` bytes of a file from `offset` on."""

        def append(self, name: str, data: bytes) -> None:
            """Add to a file; it and its folders are made if they are missing."""

        def sync(self, name: str) -> None:
            """All that was appended to the file is durable, and so is its name."""

        def list(self, folder: str) -> Names:
            """The names of all files below a folder, from its first level on."""

        def remove(self, name: str) -> None:
            """The file is gone, durable on return; no error if there was none."""
