"""Media that refuse: one that only reads, and one that is worn out."""

from ampacity.store.memory_files import MemoryFiles

EIO, EROFS = 5, 30


class Refusing(MemoryFiles):
    """`worn`: nothing can be read either. `refuses` False: it is well again."""

    def __init__(self, worn=False):
        super().__init__()
        self.worn = worn
        self.refuses = False

    def _begin(self):
        if self.refuses:
            raise OSError(EROFS, "read-only")
        return super()._begin()

    def read(self, name):
        if self.refuses and self.worn:
            raise OSError(EIO, "worn")
        return super().read(name)

    def list(self):
        if self.refuses and self.worn:
            raise OSError(EIO, "worn")
        return super().list()
