"""Generated from protos/schedsvc/v1 by `make proto`. Not edited by hand."""
