"""Why a bundle, a key list or a key is not taken."""


class Refused(Exception):
    """field: what is wrong; str(): a sentence on it."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"{field}: {text}")
        self.field = field
