"""Negotiated transfers: terms, deliveries, completion."""
