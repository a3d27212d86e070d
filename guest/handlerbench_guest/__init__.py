"""The guest: what runs inside somebody else's app, under that app's interpreter, while it is measured.

It is the only code of ours that is on the app's path. It needs Python 3.9, starlette and anyio, which the app has
anyway; fastapi only where the app uses it. It knows nothing of the rest of this project, and the rest does not import
it: the two sides talk by HANDLERBENCH_* variables, the probe's file, a file of refusals, and the inspection's JSON.
"""
