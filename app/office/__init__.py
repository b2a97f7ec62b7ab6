"""Pages where the office edits its lists and its study-hour rule; the services are those of the features."""
