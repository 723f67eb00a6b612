"""
Our own rules about secrets, as ``rules.build`` compiled them: what they match, and what they pass over.

Runs in the secret scanner's child process, where values are; nothing that leaves this package holds one.
"""
