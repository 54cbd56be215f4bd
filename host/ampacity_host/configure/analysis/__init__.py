"""What `ampacity check` works out of a compiled site: sums, times, budgets, proposals; and its report on a terminal."""
