"""DAAS: a cell and a policy of augmentations are searched together, in our reading (Wang, Chu, Yan and Yang 2021)."""
