"""Servers as processes, with real clients: what a crash, a signal or a second server must not break."""
