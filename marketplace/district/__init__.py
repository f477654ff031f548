"""Totals by park, material, month and enterprise."""
