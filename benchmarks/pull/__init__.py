"""Public data by URL: `pulling` fetches and checks; the catalogue says what there is and what each file becomes."""
