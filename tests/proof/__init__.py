"""The exhaustive proof of the safety core: every reachable state of small hostile worlds, with the real guard."""
