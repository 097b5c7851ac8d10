"""
A mixed load on real web and worker processes, and what becomes of it: `python -m bench.load`.

Clients post, poll, follow streams, cancel, list and have paths generated, at a steady pace. Then
every task that was accepted has to have ended as it should, once.
"""
