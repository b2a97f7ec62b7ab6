"""Instructors and supervision teams: who they are, and which units are theirs from when until when."""
