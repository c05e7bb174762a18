"""Tasks: parameters, programs of another machine, metrics, records."""
