"""Meters as the roles see them: the newest reading of each, how old it is, what it has counted."""
