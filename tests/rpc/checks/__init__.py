"""What is said of bad requests."""
