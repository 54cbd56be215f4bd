"""Registers to values: number formats, readings with their age, rounds of reads, chains of models."""
