"""`python -m jwtfast_server` is `jwtfast`."""

from jwtfast_server.cli import main

if __name__ == "__main__":
    main(prog_name="jwtfast")
