"""The first page after signing in; it shows what others hold and keeps nothing."""
