"""Machines that nobody here could run, made from what their vendors document.

    python -m tests.hosts.documented      write their records

Each module beside this one holds one machine, and says where its words are from.
"""
