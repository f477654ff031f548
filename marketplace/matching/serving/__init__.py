"""The snapshot of open listings that all workers map, and what changed since."""
