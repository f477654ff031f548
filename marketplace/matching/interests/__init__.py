"""Saved interests: what an enterprise wants to hear of without a listing of its own."""
