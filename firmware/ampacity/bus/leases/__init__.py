"""Orders that expire: grants of a primary, the lease of a secondary, and the register map between the two."""
