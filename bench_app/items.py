"""The table that the db variants look a row up in, and what a right answer is.

It is here, on the lowest floor, because both sides need it: the harness fills the table, the handlers read it, and the
catalogue knows from the same rule what the row contains.
"""

from collections.abc import Sequence
from hashlib import sha256

SCHEMA = "handlerbench"
TABLE = f"{SCHEMA}.items"
ROWS = 100_000
KEY = 54_321  # the row every request asks for: a fixed one, so that the answer is constant and cached alike for all
PLAIN = "-plain"  # the end of a tool's name in variants whose query does not wait
COLUMNS = ("id", "name", "price_cents", "digest")

Answer = dict[str, int | str]

# The whole of the SQL, in one place: drivers differ in how they write {key} and {wait_s}, and in nothing else.
LOOKUP = "SELECT i.id, i.name, i.price_cents, i.digest FROM handlerbench.items AS i WHERE i.id = {key}"
# Both in one round trip. pg_sleep is in FROM, where the executor calls it once and the void that it returns is never
# sent: drivers differ on what a void is.
WAITING_LOOKUP = (
    "SELECT i.id, i.name, i.price_cents, i.digest"
    " FROM handlerbench.items AS i, pg_sleep({wait_s}) AS nap WHERE i.id = {key}"
)

# Filled by rule, not by chance: `row` below follows the same rule. The key comes after the rows, which is faster.
CREATE = """
    CREATE TABLE handlerbench.items (
        id integer NOT NULL, name text NOT NULL, price_cents integer NOT NULL, digest text NOT NULL
    );
    INSERT INTO handlerbench.items
        SELECT n, 'item-' || lpad(n::text, 6, '0'), (n * 7919) % 100000,
               encode(sha256(convert_to(n::text, 'UTF8')), 'hex')
        FROM generate_series(1, {rows}) AS n;
    ALTER TABLE handlerbench.items ADD PRIMARY KEY (id);
"""


def row(key: int) -> tuple[int, str, int, str]:
    """Return the row that the table holds under `key` (1 to ROWS)."""
    return key, f"item-{key:06}", key * 7919 % 100_000, sha256(str(key).encode()).hexdigest()


def as_answer(found: Sequence[int | str]) -> Answer:
    """Return a row, of whatever type its driver makes it, as the dict that is the answer."""
    return dict(zip(COLUMNS, found, strict=True))


EXPECTED = as_answer(row(KEY))
