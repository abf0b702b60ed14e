"""The pure rules: what ends an intake, who is sent next, how a phase ends, where an essay stands."""
