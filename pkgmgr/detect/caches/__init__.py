"""Where models and data sets lie, and what their layouts tell: caches of other tools, and plain folders."""
