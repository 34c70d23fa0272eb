"""Learning to read from our corpus: `python -m processors.training`. It needs more packages."""
