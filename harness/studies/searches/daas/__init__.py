"""The study of DAAS."""
