"""Rosters as files: read from CSV and Excel, and written as both."""
