"""Measures an app that is not ours: in its own folder, under its own interpreter, as it is."""
