"""The organisation tree, members, their groups and the roster import."""
