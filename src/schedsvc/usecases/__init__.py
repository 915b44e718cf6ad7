"""What the service does, one module per noun: each decides inside a write, or reads, and knows no wire and no SQL."""
