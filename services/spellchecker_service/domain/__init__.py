"""Spelling as a pure function: which words of a text are misspelt, and what was meant."""
