"""Recorded sessions and recorded other load, driven through the whole firmware on a virtual clock."""
