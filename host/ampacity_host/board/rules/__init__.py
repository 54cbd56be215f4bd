"""Rules that a board is held against, by subject. Each is `rule(place) -> iterator of (name, field, text)`."""
