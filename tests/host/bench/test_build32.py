"""The build of the 32-bit runtime: one that cannot begin leaves the program of before as it runs."""

import pytest

from tools.micropython import build32
from tools.micropython.debian import Failed


def test_a_build_that_is_refused_leaves_the_libraries_of_the_program_that_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(build32, "links_32", lambda _command: False)
    library = tmp_path / "root" / "lib" / "ld-linux.so.2"
    library.parent.mkdir(parents=True)
    library.write_bytes(b"loader")
    with pytest.raises(Failed, match="gcc-multilib"):
        build32.build(tmp_path, None, False)
    assert library.read_bytes() == b"loader"
