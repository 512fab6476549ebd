"""Schemathesis hooks: rules between two fields of a body, which OpenAPI cannot state, and bodies that are not parsed."""

import schemathesis
from hypothesis import strategies

SMALLEST_STAMP = 44
DEFAULT_TIMEOUT = 2

FAULTS = ["none", "drop=0.1", "drop=0.1/0.2,delay=20", "burst=gilbert(0.01,0.25),delay=uniform(0,50)", "delay=pareto(1,3)"]
IMPAIRMENTS = ["none", "classroom", "udp:drop=0.1", "tcp:reset=0.5;udp:reorder=0.1", "http:status=500:0.1,drop=0/1"]

schemathesis.openapi.format("faults", strategies.sampled_from(FAULTS))
schemathesis.openapi.format("impairments", strategies.sampled_from(IMPAIRMENTS))


@schemathesis.deserializer("text/yaml", "text/x-yaml", "text/vnd.yaml", "application/yaml", "application/x-yaml")
def read_yaml(context, response):
    """/echo returns any octets with the content type of the request, so they need not be YAML."""
    return response.content.decode("latin-1")


@schemathesis.hook
def before_call(context, case, kwargs):
    case.body = allowed(case.body)


def allowed(body):
    """Puts the bounds of uniform delays in order; packets of runs hold a test packet, and runs wait for the timeout."""
    if not isinstance(body, dict):
        return body
    if "seconds" in body:
        return allowed_run(body)
    if "delay" in body:
        return {**body, "delay": allowed_delay(body["delay"])}
    return {key: allowed(value) for key, value in body.items()}


def allowed_delay(delay):
    bounds = [delay.get("minMs"), delay.get("maxMs")] if isinstance(delay, dict) else []
    if len(bounds) != 2 or not all(is_number(bound) for bound in bounds):
        return delay
    return {**delay, "minMs": min(bounds), "maxMs": max(bounds)}


def allowed_run(body):
    size, wait, timeout = body.get("size"), body.get("wait"), body.get("timeout", DEFAULT_TIMEOUT)
    changed = dict(body)
    if is_number(size) and 1 <= size < SMALLEST_STAMP:
        changed["size"] = SMALLEST_STAMP
    if is_number(wait) and is_number(timeout) and wait < timeout:
        changed["wait"] = wait if wait < 0.01 or timeout > 60 else timeout
    return changed


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)
