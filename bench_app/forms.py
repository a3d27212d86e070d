"""Forms with a file, as browsers send them, just below and just above the size from which Starlette uses the disk."""

SPOOL_BYTES = 1024 * 1024  # starlette.formparsers.MultiPartParser.spool_max_size; a test holds it
STEP_BYTES = 16 * 1024
BELOW_BYTES, ABOVE_BYTES = SPOOL_BYTES - STEP_BYTES, SPOOL_BYTES + STEP_BYTES

_BOUNDARY = "handlerbench"
_TEXT = b"a line of a file that somebody sends\n"
CONTENT_TYPE = f"multipart/form-data; boundary={_BOUNDARY}"


def form(size: int) -> bytes:
    """Return the body of a form whose field `file` holds a file of so many bytes."""
    head = (
        f"--{_BOUNDARY}",
        'content-disposition: form-data; name="file"; filename="sample.txt"',
        "content-type: text/plain",
    )
    content = _TEXT * (size // len(_TEXT)) + _TEXT[: size % len(_TEXT)]
    return "\r\n".join((*head, "", "")).encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()
