"""The study of MoD-NAS: denoisers that are searched with and without data consistency."""
