"""What goes beyond one offer and one want: possible users, blends, chains, and what a tonne avoided costs. Pure."""
