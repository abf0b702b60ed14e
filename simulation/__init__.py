"""All services' rules over a bus in memory and a virtual clock: one seed is one run. See docs/simulation.md."""
