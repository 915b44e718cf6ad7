"""`python -m schedsvc`: the same as the command `schedsvc`."""

from schedsvc.cli import main

if __name__ == "__main__":
    main(prog_name="schedsvc")
