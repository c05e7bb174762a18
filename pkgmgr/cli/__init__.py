"""The command line: parse, call, render, exit code. The only room that prints."""
