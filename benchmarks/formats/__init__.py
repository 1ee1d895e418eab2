"""File formats of tables: CSV, Parquet, the compact form of a release, and learning curves."""
