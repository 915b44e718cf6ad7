"""Recurrence rules of RFC 5545: read, checked, and turned into local starts first, instants last."""
