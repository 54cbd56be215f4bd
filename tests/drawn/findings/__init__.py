"""Scenes in which a rating was passed, or a car stranded: each short, each judged by sums of its own."""
