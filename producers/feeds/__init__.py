"""Feeds onto the topic of articles: a list of them, politely polled, nothing lost or told twice."""
