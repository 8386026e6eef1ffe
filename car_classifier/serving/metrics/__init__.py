"""What the server counts, times and logs."""
