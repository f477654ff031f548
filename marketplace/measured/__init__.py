"""Emission factors that a site measured itself: proposed with evidence, approved by an officer, then used."""
