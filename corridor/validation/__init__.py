"""What the programme answers where an answer is published, worked by hand, or follows from the method."""
