"""The one door: the `dealwire` command."""
