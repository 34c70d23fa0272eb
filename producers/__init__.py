"""The world onto topics."""
