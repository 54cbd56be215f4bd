"""The emulated board has no network: the module can be imported, as on a board whose network is down."""

ENETUNREACH = 101


def socket(*arguments):
    raise OSError(ENETUNREACH)


getaddrinfo = socket
