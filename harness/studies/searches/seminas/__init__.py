"""The study of SemiNAS."""
