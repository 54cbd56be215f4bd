"""The site as a tree: circuits and EVSEs, the check of a compiled site, and its change between two starts (rule 15)."""
