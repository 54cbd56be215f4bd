"""Cars with ISO 15118: certificates of cars, contracts, and the V2G certificate of this station (A02, C07, E15, M)."""
