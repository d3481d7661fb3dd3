"""Run the whole service on one machine: embedded stores, processes, secrets (standard library
only).
"""
