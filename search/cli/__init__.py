"""The command line. Modules here import the standard library only; the rest is imported when a command runs."""
