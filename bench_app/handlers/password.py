"""CPU work that lets go of the GIL: a password is checked against its hash, as a login does.

PBKDF2 runs in OpenSSL, and hashlib lets go of the GIL meanwhile. So threads can use several cores for it, which they
cannot for the upload's parse.
"""

import hashlib
import hmac

from fastapi.concurrency import run_in_threadpool

from bench_app.registry import variant
from bench_app.styles import ASYNC_BLOCKING, ASYNC_OFFLOAD, DEF
from bench_app.works import PASSWORD

PASSWORD_TEXT = b"correct horse battery staple"
SALT = b"handlerbench"
ITERATIONS = 20_000  # about as long as the upload's parse; a login should take more
STORED = bytes.fromhex("e89cf61bca80d118276d7326f3a196ede29140329e8eb6a1727880f13a3ac95d")
VALID = {"valid": True}


def check() -> dict[str, bool]:
    """Hash the password and compare it with the stored hash."""
    return {"valid": hmac.compare_digest(hashlib.pbkdf2_hmac("sha256", PASSWORD_TEXT, SALT, ITERATIONS), STORED)}


@variant(work=PASSWORD, style=ASYNC_BLOCKING, expected=VALID)
async def async_blocking() -> dict[str, bool]:
    """Check on the loop: no other request is served in the meantime."""
    return check()


@variant(work=PASSWORD, style=DEF, expected=VALID)
def plain_def() -> dict[str, bool]:
    """Check in a def handler's thread."""
    return check()


@variant(work=PASSWORD, style=ASYNC_OFFLOAD, expected=VALID)
async def async_offload() -> dict[str, bool]:
    """Offload the check with run_in_threadpool."""
    return await run_in_threadpool(check)
