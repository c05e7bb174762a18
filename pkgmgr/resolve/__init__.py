"""From requirements, entries and packages to a plan with reasons. Pure; the world is asked through a protocol."""
