"""Where the networks of pyregjpeg are made; nothing in the package imports this."""
