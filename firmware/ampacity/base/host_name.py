"""Is a text a host? Its own module: it is loaded with the first name that is looked up, or the first configuration that is sent."""

from ampacity.base.address import is_ip_literal

HOST_MAX, LABEL_MAX = 253, 63
HOST_WORDS = "an IP address or a host name"
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-_"


def is_host(text: str) -> bool:
    """May this be an address, or a name that a name server can be asked for?"""
    if is_ip_literal(text):
        return "." in text or text.count(":") > 1 and not text.lower().strip("0123456789abcdef:")
    labels = (text[:-1] if text.endswith(".") else text).lower().split(".")
    fits = [1 <= len(label) <= LABEL_MAX and label[0] != "-" and all([c in LETTERS for c in label]) for label in labels]
    return len(text) <= HOST_MAX and all(fits)
