"""HuleEdu's contracts: what services say to each other, and the words they use. No I/O, no logic, no settings."""
