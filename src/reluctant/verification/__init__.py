"""Does everything in a folder hold: its records, what they share, its report; and a sample trained again."""
