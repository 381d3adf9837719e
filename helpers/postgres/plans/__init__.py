"""Reading plans: what a statement reads, what its predicates could use, and what the catalog offers."""
