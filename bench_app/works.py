"""The works: what a handler must get done. To add one, add a row here and a module in bench_app/handlers/."""

from dataclasses import dataclass
from enum import StrEnum

from bench_app.table import Table


class Bound(StrEnum):
    """What limits the goodput of a work. The ceiling follows from it."""

    LOOP = "loop"  # nothing to do: the loop's own cost
    WAIT = "wait"  # each request waits for the time in `setting`
    POOLED_WAIT = "pooled-wait"  # the same, and it holds a database connection during the wait
    CPU = "cpu"  # each request computes, in Python: it holds the GIL
    CPU_WITHOUT_GIL = "cpu-without-gil"  # each request computes in C, and lets go of the GIL meanwhile
    NONE = "none"  # there is no ceiling for it


class Answer(StrEnum):
    """The form in which an answer is checked."""

    JSON = "json"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a handler must get done: a row of `WORKS`.

    `heading` and `summary` are for readers of the report and of the app's API page. `task` says what one request must
    get done. `setting` is the name of the setting with its time in seconds, if it has one; the two together read "a 100
    ms sleep". `label` names a variant with a tool on charts.
    """

    name: str
    heading: str
    summary: str
    task: str
    bound: Bound
    setting: str | None = None
    answer: Answer = Answer.JSON
    label: str = "{style} · {tool}"


WORKS: Table[Work] = Table("work")  # in the order in which the catalogue, the charts and the report show them
NOOP = WORKS.add(
    Work(
        name="noop",
        heading="noop: nothing to do",
        summary="Nothing to do: what a route costs by itself.",
        task="nothing to do",
        bound=Bound.LOOP,
    )
)
SLEEP = WORKS.add(
    Work(
        name="sleep",
        heading="sleep: a plain wait",
        summary="Waiting for a fixed time.",
        task="sleep",
        bound=Bound.WAIT,
        setting="sleep_s",
    )
)
HTTP = WORKS.add(
    Work(
        name="http",
        heading="http: a call to another service",
        summary="Asking another service over HTTP.",
        task="upstream call",
        bound=Bound.WAIT,
        setting="upstream_delay_s",
    )
)
DB = WORKS.add(
    Work(
        name="db",
        heading="db: a database query",
        summary="Asking a database.",
        task="database query",
        bound=Bound.POOLED_WAIT,
        setting="query_s",
    )
)
SESSION = WORKS.add(
    Work(
        name="session",
        heading="session: a database session that a dependency opens",
        summary="Asking a database through a session, of a dependency or of the handler's own.",
        task="query in a session",
        bound=Bound.POOLED_WAIT,
        setting="query_s",
        label="{tool}",
    )
)
UPLOAD = WORKS.add(
    Work(
        name="upload",
        heading="upload: CPU work on a PDF",
        summary="CPU work: the text of an uploaded PDF.",
        task="a PDF to parse",
        bound=Bound.CPU,
    )
)
PASSWORD = WORKS.add(
    Work(
        name="password",
        heading="password: CPU work that lets go of the GIL",
        summary="CPU work in C: checking a password against its hash.",
        task="a password to check",
        bound=Bound.CPU_WITHOUT_GIL,
    )
)
ARTICLE = WORKS.add(
    Work(
        name="article",
        heading="article: the two-second demo",
        summary="The article's own demonstration.",
        task="sleep",
        bound=Bound.WAIT,
        setting="article_sleep_s",
        label="/{tool}",
    )
)
STALL = WORKS.add(
    Work(
        name="stall",
        heading="stall: a loop that stands still now and then",
        summary="Nothing to do, but the loop stands still now and then.",
        task="stall now and then",
        bound=Bound.NONE,
        setting="stall_s",
    )
)
BACKGROUND = WORKS.add(
    Work(
        name="background",
        heading="background: a task after the answer",
        summary="Answering at once, with a task that begins after the answer.",
        task="task after the answer",
        bound=Bound.NONE,
        setting="sleep_s",
    )
)
STREAM = WORKS.add(
    Work(
        name="stream",
        heading="stream: an answer in chunks",
        summary="An answer of 50 chunks of 1 KB.",
        task="50 KB to send",
        bound=Bound.NONE,
        answer=Answer.BYTES,
    )
)
RECEIVE = WORKS.add(
    Work(
        name="receive",
        heading="receive: a file in a form",
        summary="Receiving a file of about 1 MiB in a form.",
        task="a file to receive",
        bound=Bound.NONE,
    )
)
JSON = WORKS.add(
    Work(
        name="json",
        heading="json: 200 rows as JSON",
        summary="Answering with 200 rows as JSON.",
        task="200 rows to serialize",
        bound=Bound.NONE,
    )
)
SQLITE = WORKS.add(
    Work(
        name="sqlite",
        heading="sqlite: a lookup in a file",
        summary="Looking rows up in an SQLite file.",
        task="an SQLite lookup",
        bound=Bound.NONE,
    )
)
FILE = WORKS.add(
    Work(
        name="file",
        heading="file: a file to read",
        summary="Reading a file of 64 KiB.",
        task="64 KiB to read",
        bound=Bound.NONE,
    )
)
