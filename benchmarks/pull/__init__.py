"""Public data by URL: `pulling` downloads and checks files; the catalogue lists the sources."""
