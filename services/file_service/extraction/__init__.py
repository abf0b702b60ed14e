"""Files to text: what a teacher uploads is read in sandboxed child processes, so that no file can harm another."""
