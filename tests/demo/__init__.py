"""The demo: a recorded morning of provider traffic against the whole service, and the proof."""
