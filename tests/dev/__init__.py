"""Tests of what a developer starts on one machine."""
