"""Installing: fetch → verify → unpack → build in staging → rename → detect again → entry."""
