"""Demo data made by code from a fixed seed."""
