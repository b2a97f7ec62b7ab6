"""An invented district with invented people and a year of study; only the `demo` command imports it."""
