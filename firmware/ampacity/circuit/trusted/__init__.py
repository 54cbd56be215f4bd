"""What must be right: what each EVSE may draw, by what evidence, and whether an order may leave. Imports nothing but itself."""
