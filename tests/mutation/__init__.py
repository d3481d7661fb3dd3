"""Mutation testing: change the code that decides, a little at a time, and see a test fail."""
