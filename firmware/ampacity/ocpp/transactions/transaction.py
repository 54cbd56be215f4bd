"""One transaction, and what of it survives a power cut."""

from ampacity.ocpp.transactions.phase_count import UNKNOWN

if False:  # for the type checker
    from collections.abc import Sequence
    from typing import Any, Protocol

    from ampacity.ocpp.messages import Message, Token
    from ampacity.ocpp.transactions.ending import Ending

    class Granted(Protocol):
        """What is kept of an authorization."""

        token: Token
        group: str
        invalid: bool

    class Charging(Protocol):
        """An EVSE with its open transaction."""

        tx: "Transaction | None"

        @property
        def auth(self) -> "Granted | None": ...

SAMPLES_MAX = 16
SIGNED_SAMPLES_MAX = 4  # of up to 2 KiB each


class Transaction:
    """The open transaction of an EVSE.

    seq_no: of the next event. start_ms: when it was first ready to deliver, with a car that is authorized (None: not yet, or before a
    restart), start_unix_s: the same by the wall clock (None: no clock then); relative charging profiles count from there (K01.FR.42).
    rate: (limit in da that the CSMS knows of, since when), None: not looked at yet. needs_told: the CSMS knows what its car needs.
    stop_reason: why authorisation ended, for an Ended that comes later. ending: it is over, but its Ended event waits for the energy
    (ending.py). begin_due: its Started event could not name the energy register yet. energy_wh_max: register value at which the grace
    for an invalid identifier is used up, or None.
    What most transactions never have is an attribute of the class.
    """

    state: "str | None" = None
    stop_reason: "str | None" = None
    ending: "Ending | None" = None
    begin_due = False
    energy_wh_max: "int | None" = None
    token: "Token | None" = None  # whose authorisation is over, while the transaction continues
    ended_sample_ms: "int | None" = None
    samples: "Sequence[Message]" = ()
    skips: "dict[str, tuple[int, int]] | None" = None  # kind of sample → (one of so many is held, how many are to be let pass first)
    restored = False
    phases = UNKNOWN
    rate: "tuple[int, int] | None" = None
    needs_told = False
    key_sent = False  # the public key of its meter

    def __init__(self, transaction_id: str, start_ms: "int | None", start_unix_s: "int | None") -> None:
        self.id = transaction_id
        self.seq_no = 0
        self.start_ms = start_ms
        self.start_unix_s = start_unix_s
        self.sample_ms: "int | None" = None

    def keep_sample(self, meter_values: "list[Message]") -> None:
        """Hold a sample for the Ended event. When there are too many, every second one of the kind of which there are most goes, and from then on
        only every second one of it is held, so that what is held is spread over the whole transaction (E06.FR.13, J02.FR.20)."""
        if self.skips is None:
            self.skips = {}
        held, is_signed = list(self.samples), False
        for value in meter_values:
            kind = value["sampledValue"][0]["context"]
            is_signed = is_signed or any(["signedMeterValue" in item for item in value["sampledValue"]])
            stride, left = self.skips.get(kind, (1, 0))
            self.skips[kind] = (stride, left - 1 if left else stride - 1)
            if not left:
                held.append(value)
        self.samples = held
        if len(held) > (SIGNED_SAMPLES_MAX if is_signed else SAMPLES_MAX):
            self._thin_out()

    def _thin_out(self) -> None:
        kinds = [sample["sampledValue"][0]["context"] for sample in self.samples]
        most = max(sorted(self.skips), key=kinds.count)  # type: ignore[arg-type]  # there are some
        kept, nth = [], 0
        for kind, sample in zip(kinds, self.samples):
            if kind != most or nth % 2 == 0:
                kept.append(sample)
            nth += kind == most
        stride = self.skips[most][0]  # type: ignore[index]
        self.skips[most] = (2 * stride, 2 * stride - 1 if nth % 2 else stride - 1)  # type: ignore[index]
        self.samples = kept


def document(evse: "Charging") -> "dict[str, Any]":
    """What is kept of the transaction at `evse`."""
    tx: Transaction = evse.tx  # type: ignore[assignment]  # it is open
    auth = evse.auth
    known: "dict[str, Any]" = {
        "id": tx.id,
        "seq": tx.seq_no,
        "start": tx.start_unix_s,
        "state": tx.state,
        "token": None if auth is None else auth.token,
        "group": "" if auth is None else auth.group,
        "reason": tx.stop_reason,
    }
    if tx.ending is not None:
        known["end"] = tx.ending.document()
    if auth is not None and auth.invalid:
        known["invalid"] = True
    if tx.energy_wh_max is not None:
        known["grace_wh"] = tx.energy_wh_max
    return known


def name(evse_id: int) -> str:
    """The settings document of an EVSE's transaction."""
    return "ocpp_tx_%d" % evse_id
