"""What the verbs do, as typed functions: the Python API and the command line both call these."""
