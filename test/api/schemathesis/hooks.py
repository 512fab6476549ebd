"""Schemathesis hooks: what OpenAPI cannot state about bodies: text that is parsed, rules between two fields."""

import schemathesis
from schemathesis import GenerationMode

SMALLEST_STAMP = 44
DEFAULT_TIMEOUT = 2
LONGEST_DELAY = 1000
FAULTS = ["none", "drop=0.1", "drop=0.1/0.2,delay=20", "burst=gilbert(0.01,0.25),delay=uniform(0,50)"]
IMPAIRMENTS = ["none", "classroom", "udp:drop=0.1", "tcp:reset=0.5;udp:reorder=0.1", "http:status=500:0.1,drop=0/1"]


@schemathesis.deserializer("text/yaml", "text/x-yaml", "text/vnd.yaml", "application/yaml", "application/x-yaml")
def read_yaml(context, response):
    """/echo returns any octets with the content type of the request, so they need not be YAML."""
    return response.content.decode("latin-1")


@schemathesis.hook
def before_call(context, case, kwargs):
    is_positive = case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE
    if isinstance(case.body, str) and is_positive and case.path.startswith("/impairments"):
        texts = IMPAIRMENTS if case.path == "/impairments" else FAULTS
        case.body = texts[len(case.body) % len(texts)]
    else:
        case.body = allowed(case.body)


def allowed(body):
    """
    Puts the bounds of uniform delays in order. The target of a run is this lab, its packets hold a test packet, and it
    waits for the timeout.
    """
    if not isinstance(body, dict):
        return body
    if "seconds" in body:
        return allowed_run(body)
    if "delay" in body:
        return {**body, "delay": allowed_delay(body["delay"])}
    return {key: allowed(value) for key, value in body.items()}


def allowed_delay(delay):
    if is_number(delay):
        return shortened(delay)
    if not isinstance(delay, dict):
        return delay
    times = {name: shortened(value) for name, value in delay.items() if name.lower().endswith("ms")}
    if is_number(times.get("minMs")) and is_number(times.get("maxMs")):
        times["minMs"], times["maxMs"] = sorted([times["minMs"], times["maxMs"]])
    return {**delay, **times}


def shortened(time):
    """Later requests have these delays."""
    return LONGEST_DELAY if is_number(time) and LONGEST_DELAY < time <= 60_000 else time


def allowed_run(body):
    size, wait, timeout = body.get("size"), body.get("wait"), body.get("timeout", DEFAULT_TIMEOUT)
    changed = dict(body)
    if isinstance(body.get("target"), str) and len(body["target"]) <= 300:
        changed["target"] = ""
    if is_number(size) and 1 <= size < SMALLEST_STAMP:
        changed["size"] = SMALLEST_STAMP
    if is_number(wait) and is_number(timeout) and wait < timeout:
        changed["wait"] = wait if wait < 0.01 or timeout > 60 else timeout
    return changed


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)
