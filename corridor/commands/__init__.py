"""What the command line can do: one file a command, and what they share. Nothing slow is imported up here."""
