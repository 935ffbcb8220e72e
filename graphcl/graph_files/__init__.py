"""Graphs from files that people have, and rows written for them: ids kept."""
