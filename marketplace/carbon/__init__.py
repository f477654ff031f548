"""Avoided emissions of an exchange, method avoided/1.0 (pure calculation)."""
