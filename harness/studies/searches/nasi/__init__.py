"""NASI on NAS-Bench-201 explained: what each reading of its steps chooses, and what changes the steps themselves."""
