"""Environment variables by name and salted hash: what is known of them, what is wrong with them, and never what they hold."""
