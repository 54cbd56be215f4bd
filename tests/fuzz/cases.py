"""The ends of a bus that are fuzzed, in the order in which their lives take turns."""

from tests.fuzz.primary import PrimaryCase
from tests.fuzz.secondary import SecondaryCase
from tests.fuzz.tcp import TcpCase
from tests.fuzz.tcp_secondary import TcpSecondaryCase

CASES = (SecondaryCase, PrimaryCase, TcpCase, TcpSecondaryCase)
