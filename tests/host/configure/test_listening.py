"""The address at which a controller publishes firmware: one that others can connect to, with its port."""

import pytest

from ampacity.base.address import parse_address
from ampacity_host.configure.site_file.value_readers import Wrong, listening


@pytest.mark.parametrize("text", ["192.168.1.10:8080", "10.0.0.1:1", "127.0.0.1:65535", "223.255.255.255:80"])
def test_an_address_with_its_port_is_taken_as_the_controller_reads_it(text):
    assert listening(text) == text and "%s:%d" % parse_address(text) == text


@pytest.mark.parametrize(
    "value",
    ["", "192.168.1.10", "192.168.1.10:", "192.168.1.10:0", "192.168.1.10:65536", "192.168.1.10:080", "192.168.1.300:80", "192.168.1:80",
     "0.0.0.0:80", "224.0.0.1:80", "255.255.255.255:80", "files.example:80", "[::1]:80", "http://10.0.0.1:80", "10.0.0.1:80/", " 10.0.0.1:80",
     "10.0.0.1:80\n", 8080, True, None, ["10.0.0.1:80"]],
)  # fmt: skip
def test_anything_else_is_refused_with_an_example(value):
    with pytest.raises(Wrong, match=r"192\.168\.1\.10:8080"):
        listening(value)
