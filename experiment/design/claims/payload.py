"""Claims about large answers and requests: streams, uploads, JSON: B11 to B14."""

from experiment.design.claims.table import NO_LESS, claim, ratio, saturated
from experiment.design.metrics import NORMALIZED_CPU_PER_REQUEST
from experiment.design.model import at_least, at_most

STREAM, JSON = "stream.async-native", "json.async-native"
SYNC_GENERATOR = f"{STREAM}.sync-generator"
DICTS, MODELS, ORJSON = f"{JSON}.dicts", f"{JSON}.models", f"{JSON}.orjson-response"


_FLASK = (
    "FastAPI issue 2302: a sync generator of short lines arrives at 35 KB/s from FastAPI's StreamingResponse, and at "
    "419 KB/s from Flask"
)

claim(
    "B11",
    "sync-generator-one-hop-a-chunk",
    "With 20 users, an answer of 50 chunks of 1 KB has at least 10 times the goodput from an async generator that it "
    "has from a sync one",
    f"{_FLASK}; the usual advice is an async generator",
    saturated(f"{STREAM}.async-generator", SYNC_GENERATOR, at_least(10)),
    refuted_by="the async generator has less than 10 times the goodput",
    differs_in={"tool"},
    note="Starlette fetches each chunk of a sync generator in a worker thread: 51 hops for 50 chunks. An async "
    "generator runs on the loop; one that awaits nothing holds it until its last chunk. Time to the first byte is not "
    "measured: the driver times whole answers.",
)
claim(
    "B11b",
    "sync-generator-costs-hops",
    "With 20 users, an answer of 50 chunks of 1 KB has at least 3 times the goodput from an async generator, and from "
    "a file, that it has from a sync generator",
    _FLASK,
    saturated(f"{STREAM}.async-generator", SYNC_GENERATOR, at_least(3)),
    saturated(f"{STREAM}.file", SYNC_GENERATOR, at_least(3)),
    refuted_by="the async generator or the file has less than 3 times the goodput",
    differs_in={"tool"},
    note="What theory predicts where B11 asks for the figure of the issue: a hop costs some 150 µs, which 51 of them "
    "add to about a millisecond of sending. A file of 50 KB takes a few hops (its size, open, read, close) and one "
    "chunk.",
)
claim(
    "B12",
    "upload-above-1-mib-step",
    "With 8 users, a file of 16 KiB above 1 MiB in a form costs at least 1.2 times the CPU of one 16 KiB below",
    "Starlette pull request 3451: beyond 1 MiB the file goes to disk, with a call to the thread pool for each chunk; "
    "10 MiB took 147 calls and 13 ms, and 4.1 ms with 12 calls",
    ratio(
        "receive.async-native.above-spool",
        "receive.async-native.below-spool",
        load="closed-8-short",
        metric=NORMALIZED_CPU_PER_REQUEST,
        expected=at_least(1.2),
        scatter=0.1,
        is_alike=True,
    ),
    refuted_by="the file above 1 MiB costs less than 1.2 times the CPU, at equal core speed",
    differs_in={"tool"},
    note="Up to 1 MiB the file stays in memory, and nothing leaves the loop. The write that passes 1 MiB copies all of "
    "it to a temporary file; from then on each write, seek, read and close is a thread hop. The sizes differ by 3 %.",
)
claim(
    "B13",
    "annotated-return-serializes-faster",
    "With 20 users, a route that returns 200 Pydantic models has at least twice the goodput with a return annotation "
    "that it has without a response model",
    "FastAPI's release notes, 0.130: with a Pydantic return type or response model, Pydantic writes the JSON, which "
    "makes JSON answers 2 times as fast or more",
    saturated(f"{MODELS}-annotated", MODELS, at_least(2)),
    refuted_by="the annotation gives less than twice the goodput",
    differs_in={"tool"},
    note="Without a response model FastAPI's jsonable_encoder walks through every value in Python, and json.dumps does "
    "it again. With one, Pydantic takes the models as they are and writes bytes in Rust. Both sides are async def: in "
    "a def route the annotation costs a second thread hop (B5).",
)
claim(
    "B13b",
    "annotated-dicts-serialize-faster",
    "With 20 users, a route that returns 200 dicts has at least twice the goodput with a return annotation that it has "
    "without a response model",
    "FastAPI's documentation, «Return a Response Directly»: with a response model the data is written by Pydantic in "
    "Rust, without one by jsonable_encoder; the former normally performs much better",
    saturated(f"{DICTS}-annotated", DICTS, at_least(2)),
    refuted_by="the annotation gives less than twice the goodput",
    differs_in={"tool"},
    note="As B13, but Pydantic must first make a model of each dict. It does that in Rust as well.",
)
claim(
    "B14",
    "orjson-response-is-faster",
    "With 20 users, a route that makes an orjson response from 200 dicts has at least twice the goodput of one that "
    "returns the dicts",
    "FastAPI pull request 2615, whose text became documentation: for large answers, returning a response is much "
    "faster than returning a dict; up to 6 times in its author's tests. Others say 2 to 3 times",
    saturated(ORJSON, DICTS, at_least(2)),
    refuted_by="the orjson response gives less than twice the goodput",
    differs_in={"tool"},
    note="A response goes out as it is, so jsonable_encoder does not walk through its values. B14d asks how much of "
    "the gain is orjson's.",
)
claim(
    "B14b",
    "orjson-class-alone-gains-little",
    "With 20 users, orjson as a route's response class gives at most 1.1 times the goodput for the same 200 dicts",
    "KissPeter, fastapi-performance-optimization: +7.4 % requests a second with ORJSONResponse for 1 MB, in an earlier "
    "run +2.5 %",
    saturated(f"{JSON}.orjson-class", DICTS, at_most(1.1)),
    refuted_by="the response class alone gives more than 1.1 times the goodput",
    differs_in={"tool"},
    note="The dicts are returned, so jsonable_encoder still walks through every value. Only json.dumps is replaced.",
)
claim(
    "B14c",
    "annotation-beats-orjson",
    "With 20 users, a route that returns 200 models with a return annotation serves no less than one that makes an "
    "orjson response",
    "FastAPI's reference, «Custom Response Classes»: the classes for faster JSON are deprecated, since a return type "
    "gives better performance",
    saturated(f"{MODELS}-annotated", ORJSON, NO_LESS),
    refuted_by="the annotated route has less than 0.9 of the goodput of the orjson response",
    differs_in={"tool"},
    note="Both write bytes in Rust. Pydantic reads the fields of each model and writes each by its type; orjson writes "
    "dicts of plain values, and nobody makes sure that they are what the route promises.",
)
claim(
    "B14d",
    "orjson-against-json-dumps",
    "With 20 users, a response of 200 dicts has at least twice the goodput with orjson that it has with json.dumps",
    "IBM mcp-context-forge, its ORJSONResponse: 2 to 3 times as fast as the standard library's json",
    saturated(ORJSON, f"{JSON}.json-response", at_least(2)),
    refuted_by="orjson gives less than twice the goodput",
    differs_in={"tool"},
    note="Neither side passes jsonable_encoder: the two differ in the serializer alone. Its share of a request's CPU "
    "decides, not how much faster it is by itself.",
)
