"""Calling: commands are performed by asking providers, outside any transaction.

The call is written before it is made, with a fence; its answer is applied by the path of every
webhook, and only while nobody else has taken the command over.
"""
