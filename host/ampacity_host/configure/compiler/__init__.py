"""Checked tables into `site.json`: what each device brings, and primaries below primaries."""
