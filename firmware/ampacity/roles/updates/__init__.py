"""Signed bundles on a running controller: where they come from, when they are tried, what became of them. Loaded where there are slots."""
