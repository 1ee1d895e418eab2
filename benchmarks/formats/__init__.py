"""How tables lie on disk: CSV, Parquet, the compact form of a release, and learning curves."""
