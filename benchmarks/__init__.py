"""Speed and size of pyregjpeg against its peers; benchmarks/README.md says which command prints which table."""
