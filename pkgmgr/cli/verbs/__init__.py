"""One file a verb: its arguments, its examples, its call."""
