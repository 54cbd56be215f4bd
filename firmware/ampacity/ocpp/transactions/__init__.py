"""Transactions: when they start and end, what is reported of them, the queue that survives a power cut."""
