"""Reads the offices' own rosters and trees (Excel, CSV), reports row by row, and applies all or nothing."""
