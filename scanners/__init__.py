"""Runs security scanners over hostile files and turns what they say into findings; usable without the bot."""
