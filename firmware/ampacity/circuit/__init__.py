"""The safety core: site tree, capacity ledger, sharing and guard. Imports nothing outside itself."""
