"""What it emitted there: segments to energy basis."""
