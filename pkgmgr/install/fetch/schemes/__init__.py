"""One file for each kind of address: ``fetch(address, path, *, source, advance)`` writes the file or raises."""
