"""The numbers of one primary's grants, and which of two is the newer: boot epoch and sequence together are one number that only rises.

A secondary compares sequences of one epoch modulo 2^16, half range (lease.py): one that heard nothing of 2^15 numbers
would refuse the next 2^15, and take a copy that is as old as that. So an epoch has at most EPOCH_NUMBERS numbers,
within which half range is the plain order; then the next epoch begins, as it does at every start. An epoch is used
only after the store has kept it, or the next life would begin with it again. Epochs are compared in the same way, so the
order holds over 2^30 grants: years without a word. No frame and no secondary is other than before.

One object for all lines of a primary: a unit that is moved from one line to another finds no older numbers there.
"""

EPOCH_NUMBERS = 0x7FFF
EPOCH_LEAD = 4096  # so many numbers before the last one the next epoch is asked for


def newer(a: int, b: int) -> bool:
    """Is the 16-bit number a newer than b? Half of the range is newer, the other half and b itself are not."""
    return 0 < ((a - b) & 0xFFFF) < 0x8000


class GrantNumbers:
    """identity: 32 bit, not 0; epoch: 16 bit, kept by the store and newer than that of every life before."""

    def __init__(self, identity: int, epoch: int) -> None:
        self.identity = identity
        self.epoch = epoch & 0xFFFF
        self.used = 0  # numbers of this epoch; more than it has while the store fails
        self._kept = self.epoch  # the newest epoch that the store has
        self._seen = self.epoch  # the newest that was ever in use
        self._lost = False  # numbers were in use that this life does not know

    def next(self) -> int:
        """The next grant's: epoch × 2^16 + sequence."""
        if (self._lost or self.used >= EPOCH_NUMBERS) and newer(self._kept, self._seen):
            self.epoch = self._seen = self._kept
            self.used, self._lost = 0, False
        self.used += 1
        return self.epoch << 16 | (self.used & 0xFFFF)

    def take_back(self) -> None:
        """The last number was given to no grant."""
        self.used -= 1

    def shown(self, epoch: int, sequence: int) -> None:
        """A unit whose lease has lapsed shows this number under our identity. One that we have not come to was given by a life
        that our store does not know, as one that was copied back: the next numbers exceed it; lower ones would always be refused."""
        if newer(epoch, self.epoch) or (epoch == self.epoch and self.used < sequence):
            self._lost = True
            if newer(epoch, self._seen):
                self._seen = epoch

    def ahead(self, epoch: int, sequence: int) -> bool:
        """Is this a number under our identity that was not given yet?"""
        return newer(epoch, self.epoch) or (epoch == self.epoch and newer(sequence, self.used & 0xFFFF))

    def epoch_to_keep(self) -> "int | None":
        """The epoch that the store is to keep now, None: none."""
        if newer(self._kept, self._seen) or not (self._lost or self.used >= EPOCH_NUMBERS - EPOCH_LEAD):
            return None
        return (self._seen + 1) & 0xFFFF

    def kept(self, epoch: int) -> None:
        """The store has kept it."""
        self._kept = epoch
