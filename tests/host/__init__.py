"""Tests of the room `host`: the machine, real and recorded."""
