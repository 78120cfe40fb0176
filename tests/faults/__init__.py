"""The faults of `make faults`: a real webref under load, one fault at a time, and what holds after it."""
