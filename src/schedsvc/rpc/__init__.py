"""The gRPC edge: servicers, and what stands between them and the wire."""
