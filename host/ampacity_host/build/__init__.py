"""Application images: compiled modules in one packed file, with manifest, SBOM and size table. The same sources give the same bytes."""
