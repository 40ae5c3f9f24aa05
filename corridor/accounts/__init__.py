"""What it adds up to: basis to answers."""
