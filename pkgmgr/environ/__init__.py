"""Environments: composing operations, and turning them into text. Quoting lives in `formats` alone."""
