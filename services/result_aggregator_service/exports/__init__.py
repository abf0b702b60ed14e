"""Results as files for people: CSV and Excel."""
