"""Where records are kept: the ports in `base`, and one package for each kind of store."""
