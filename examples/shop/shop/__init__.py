"""A small web shop, as an app that handlerbench measures. It knows nothing of handlerbench."""
