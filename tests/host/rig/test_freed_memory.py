"""A controller on CPython gives back what it has freed: each TLS connection takes a buffer of 256 KiB, and crowds come and go."""

import subprocess

from ampacity_host.rig.process.runtime import command

CROWD = """
def resident_kib():
    return [int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")][0]

first = bytearray(262144)
del first
before_kib = resident_kib()
crowd, kept = [], []
for _ in range(200):
    crowd.append(bytearray(b"x") * 262144)
    kept.append(bytearray(2000))
crowd.clear()
print(resident_kib() - before_kib)
"""


def test_memory_of_many_large_buffers_is_returned_although_small_ones_remain():
    (python, *_), environment = command("cpython", ".")
    grown_kib = int(subprocess.run([python, "-c", CROWD], env=environment, capture_output=True, text=True, timeout=30).stdout)
    assert grown_kib < 10240, grown_kib
