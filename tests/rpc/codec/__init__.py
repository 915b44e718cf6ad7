"""Messages to values and back."""
