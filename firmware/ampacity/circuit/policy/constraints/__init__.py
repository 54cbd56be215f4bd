"""External limits and of the site, as constraints of the plan: sources, sums, contracted power, solar surplus, unbalance (section 5)."""
