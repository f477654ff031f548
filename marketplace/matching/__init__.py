"""Suggestions of reuse partners; the core is pure, the service feeds it."""
