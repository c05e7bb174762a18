"""Repositories of softs, packages, envs and targets: read, check, index. Runs no plugin's code."""
