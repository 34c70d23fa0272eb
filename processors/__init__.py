"""Topics to topics: pure modules, wired in agents.py."""
