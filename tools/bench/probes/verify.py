"""Runs on MicroPython: how long the verification of a signature takes, and its longest slice, in microseconds of CPU time."""

import ffi

from ampacity.update.p256 import Verification, point

cpu_us = ffi.open("libc.so.6").func("l", "clock", "")  # time.clock() counts in milliseconds


def run(key, digest, signature, rounds):
    """Prints for each round the whole and the longest slice; the texts are hexadecimal."""
    known = point(bytes.fromhex(key))
    for _ in range(rounds):
        check = Verification(known, bytes.fromhex(digest), bytes.fromhex(signature))
        whole = longest = 0
        found = None
        while found is None:
            begin = cpu_us()
            found = check.step()
            spent = cpu_us() - begin
            whole += spent
            longest = max(longest, spent)
        print(found, whole, longest)
