"""People, enterprises, sites and parks; who may do what."""
