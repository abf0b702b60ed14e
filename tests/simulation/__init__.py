"""The simulation finds what is broken, and says the same of one seed each time."""
