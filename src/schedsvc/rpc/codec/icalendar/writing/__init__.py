"""Writes iCalendar files (RFC 5545) piece by piece: every piece is made of whole lines, and the file is never held."""
