"""One EVSE as the ledger knows it: evidence, reserve, live orders, unused phases, and what follows disobedience (rules 4 to 10, 14)."""
