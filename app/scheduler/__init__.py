"""The scheduler: one leader that ticks, and services that do the work; no rules here."""
