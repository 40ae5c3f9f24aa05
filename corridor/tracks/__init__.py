"""Where the ship was: files to segments."""
