"""The pure decisions: properties for algebra and time, examples for single decisions."""
