"""A site file's text into checked tables: TOML, fields and their ranges, mistakes with their place, what holds between tables."""
