"""The rules of booking, each in a module of its own: which starts does it forbid, and why."""
