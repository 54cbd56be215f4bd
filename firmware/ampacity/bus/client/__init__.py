"""The end that asks: requests, whose turn it is, and an engine each for RTU, ASCII and TCP."""
