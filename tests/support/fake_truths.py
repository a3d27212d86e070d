"""The made-up truth about each variant: what the campaigns of the tests measure, with noise."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What one variant does in the made-up world."""

    rps: float
    cpu_us: float
    bystander_ms: float = 1.2
    lag_ms: float = 1.5
    is_blocked: bool = False


TRUTHS: dict[str, Truth] = {
    "noop.async-native": Truth(rps=4100, cpu_us=185),
    "noop.async-native.copy": Truth(rps=4090, cpu_us=186),
    "noop.def": Truth(rps=2300, cpu_us=330),
    "sleep.async-native": Truth(rps=780, cpu_us=230),
    "sleep.async-blocking": Truth(rps=9.9, cpu_us=420, is_blocked=True),
    "sleep.def": Truth(rps=395, cpu_us=430, bystander_ms=1.6, lag_ms=4.0),
    "sleep.async-offload": Truth(rps=394, cpu_us=420, bystander_ms=1.6, lag_ms=4.0),
    "sleep.async-to-thread": Truth(rps=59.5, cpu_us=410, bystander_ms=1.4, lag_ms=3.0),
    "http.async-native.weather": Truth(rps=14, cpu_us=68000, bystander_ms=900, lag_ms=700),
    "http.def.weather-sync": Truth(rps=250, cpu_us=3900, bystander_ms=12, lag_ms=20),
    "http.async-native.httpx": Truth(rps=45, cpu_us=21000, bystander_ms=350, lag_ms=420),
    "http.async-native.httpx2": Truth(rps=480, cpu_us=1900, bystander_ms=8, lag_ms=9),
    "http.async-native.aiohttp": Truth(rps=745, cpu_us=700, bystander_ms=3, lag_ms=4),
    "http.async-native.httpx-per-request": Truth(rps=13, cpu_us=70000, bystander_ms=950, lag_ms=720),
    "http.def.session": Truth(rps=385, cpu_us=1900, bystander_ms=9, lag_ms=14),
    "http.async-blocking.session": Truth(rps=9.6, cpu_us=1500, is_blocked=True),
    "http.async-offload.session": Truth(rps=380, cpu_us=1900, bystander_ms=9, lag_ms=14),
    "db.async-native.asyncpg": Truth(rps=392, cpu_us=480),
    "db.async-native.psycopg": Truth(rps=385, cpu_us=820, bystander_ms=2, lag_ms=3),
    "db.async-blocking.psycopg2": Truth(rps=19.5, cpu_us=600, is_blocked=True),
    "db.def.psycopg2": Truth(rps=388, cpu_us=640, bystander_ms=2.2, lag_ms=5),
    "db.async-offload.psycopg2": Truth(rps=390, cpu_us=630, bystander_ms=2.2, lag_ms=5),
    "db.async-native.asyncpg-plain": Truth(rps=2100, cpu_us=440),
    "db.def.psycopg2-plain": Truth(rps=1400, cpu_us=690),
    "db.async-offload.psycopg2-plain": Truth(rps=1350, cpu_us=700),
    "session.def": Truth(rps=77, cpu_us=2100),
    "session.def.limited": Truth(rps=76, cpu_us=2200),
    "session.def.own-session": Truth(rps=78, cpu_us=1300),
    "password.async-blocking": Truth(rps=80, cpu_us=12400, bystander_ms=90, lag_ms=60),
    "password.async-offload": Truth(rps=148, cpu_us=12500, bystander_ms=4, lag_ms=4),
    "upload.async-blocking": Truth(rps=56, cpu_us=17500, bystander_ms=70, lag_ms=30),
    "upload.async-offload": Truth(rps=54, cpu_us=18200, bystander_ms=22, lag_ms=14),
    "upload.async-process": Truth(rps=97, cpu_us=19000, bystander_ms=3, lag_ms=4),
    "stall.async-blocking": Truth(rps=100, cpu_us=300, bystander_ms=2),
    "background.def": Truth(rps=2200, cpu_us=350),
    "background.def.sync-task": Truth(rps=390, cpu_us=700),
    "stream.async-native.sync-generator": Truth(rps=120, cpu_us=8100),
    "stream.async-native.async-generator": Truth(rps=900, cpu_us=1100),
    "receive.async-native.below-spool": Truth(rps=410, cpu_us=2400),
    "receive.async-native.above-spool": Truth(rps=260, cpu_us=3700),
    "json.async-native.models": Truth(rps=250, cpu_us=4000),
    "json.async-native.models-annotated": Truth(rps=1500, cpu_us=650),
    "sqlite.def.sqlite3": Truth(rps=1900, cpu_us=500),
    "sqlite.async-native.aiosqlite": Truth(rps=1100, cpu_us=900),
    "file.def.open": Truth(rps=1800, cpu_us=540),
    "file.async-native.aiofiles": Truth(rps=1000, cpu_us=950),
}
