"""The shared vocabulary: taxonomy, codes, synonyms and units."""
