"""The study `sane-table`: human designs, random and searched architectures of SANE, trained and tuned."""
