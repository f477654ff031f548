"""The append-only record of avoided emissions."""
