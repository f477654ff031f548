"""Offers and wants: posting, editing and searching."""
