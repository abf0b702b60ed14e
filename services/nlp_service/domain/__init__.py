"""What an essay says about itself on its surface: counted, never guessed."""
