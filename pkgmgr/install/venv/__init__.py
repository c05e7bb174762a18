"""Python environments: all requirements solved together, pinned wheels, one virtual environment in the store."""
