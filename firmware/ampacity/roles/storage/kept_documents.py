"""Documents that a failing medium does not stop: what is not kept is counted, logged once, and tried again by its owner."""


class KeptDocuments:
    """documents: those of this data folder; counter: of the log, one for each write that failed.

    `failing`: names of the documents that are not kept now.
    """

    def __init__(self, documents, log, counter):
        self.documents = documents
        self.log = log
        self.failing = []
        self._counter = counter

    def put(self, name, value, now_ms):
        """Keep a document; False and, the first time, a line in the log when the medium refuses."""
        try:
            self.documents.put(name, value)
        except (OSError, ValueError) as e:  # no room, or it is too long
            self.log.counter(self._counter)
            if name not in self.failing:
                self.failing.append(name)
                self.log.add("error", "storage: %s not kept: %s" % (name, e), now_ms)
            return False
        if name in self.failing:
            self.failing.remove(name)
        return True
