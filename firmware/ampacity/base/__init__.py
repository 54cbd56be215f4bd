"""What every room may use: errors, clock, chance, strict JSON, wall clock, log. Imports no other room but circuit.errors."""
