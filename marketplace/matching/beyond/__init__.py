"""Beyond one offer and one want: blends, splits, chains through a treatment, and the treatments that plants offer."""
