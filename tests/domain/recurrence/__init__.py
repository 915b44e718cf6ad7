"""The recurrence engine against RFC 5545, other programs' answers, and a filter that tries every candidate."""
