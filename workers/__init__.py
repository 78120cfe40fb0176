"""Background work: thin Dramatiq actors over the domain."""
