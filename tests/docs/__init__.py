"""Tests of the pages and files that people deploy and contribute by."""
