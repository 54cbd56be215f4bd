"""The differences between the runtimes: modules and packages that are let go."""

import sys

from ampacity.base import errors
from ampacity.base.compat import forget, forget_packages

MICROPYTHON = sys.implementation.name == "micropython"


def test_a_module_that_was_let_go_can_be_imported_again():
    from ampacity.base.address import parse_address

    forget("ampacity.base.address")
    assert ("ampacity.base.address" in sys.modules) != MICROPYTHON
    from ampacity.base.address import parse_address as again

    assert (parse_address is again) != MICROPYTHON


def test_packages_are_let_go_and_their_modules_stay_what_they_are():
    forget("ampacity.base.url")
    forget_packages("ampacity")
    for name in ("ampacity", "ampacity.base"):
        assert (name in sys.modules) != MICROPYTHON
    assert "ampacity.base.errors" in sys.modules
    from ampacity.base import errors as same
    from ampacity.base.errors import Rejected

    assert same is errors and Rejected is errors.Rejected
    from ampacity.base.url import parse_url  # one that is imported anew, and imports others itself

    try:
        parse_url("nonsense")
        raise AssertionError("it is no address")
    except errors.Rejected:
        pass
