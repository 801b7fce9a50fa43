"""`python -m pyregjpeg` is the command line."""

from .cli import main

main()
