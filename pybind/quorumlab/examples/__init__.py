"""Protocols written with :class:`quorumlab.Node`, to read and to break."""
