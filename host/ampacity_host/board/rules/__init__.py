"""Rules that a board must fulfil, by subject. Each is `rule(place) -> iterator of (name, field, text)`."""
