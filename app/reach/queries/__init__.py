"""SELECTs behind a plan."""
