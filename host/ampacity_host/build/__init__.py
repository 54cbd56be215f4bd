"""Application images: compiled modules in a littlefs image, with manifest, SBOM and size table. The same sources give the same bytes."""
