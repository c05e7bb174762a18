"""Locks: what was resolved, written so that another machine can be held against it."""
