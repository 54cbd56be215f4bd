"""littlefs images: read as they were written, refused where damaged."""

import pytest

from ampacity_host.flash.littlefs_image import TooLarge, made, read


def test_an_image_is_read_as_it_was_written_and_a_damaged_one_is_refused():
    files = [("a/b/c.txt", b"x" * 5000), ("a/e", b"q" * 100), ("d", b"")]
    image = made(reversed(files), 512)
    assert read(image) == files and image == made(files, 512)
    with pytest.raises(TooLarge, match="3 files with 5100 bytes"):
        made(files, 512, 12)
    for damaged in (b"", b"x" * 4096, image[:1024] + b"\xff" * (len(image) - 1024)):
        with pytest.raises(ValueError):
            read(damaged)
