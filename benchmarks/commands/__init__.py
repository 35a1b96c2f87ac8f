"""One file per command: its options, what it prints, and what it writes."""
