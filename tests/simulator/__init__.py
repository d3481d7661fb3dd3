"""Payment providers as the service meets them: real HTTP, real signatures, and books of their own.

Nothing here uses our own signing or parsing: a mistake made twice would not be seen.
"""
