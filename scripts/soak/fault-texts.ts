/** Random faults for the soak: the texts that it puts to the lab. */
import { CLASSICS, type Protocol } from "../../src/base/protocol.ts";
import { type Random, random } from "../../src/base/random.ts";
import { KINDS_OF, type Kind } from "../../src/faults/faults.ts";

/** Probability that a change turns on one kind of fault. */
const SHARE = 0.3;

/** A number from `low` to `high` with four digits after the point, as text. */
function between(next: Random, low: number, high: number): string {
  return `${Number((low + (high - low) * next()).toFixed(4))}`;
}

/** A value upstream in a third of the cases, and one downstream. */
function downOrBoth(next: Random, value: (next: Random) => string): string {
  return next() < 1 / 3 ? `${value(next)}/${value(next)}` : value(next);
}

/** Delays of at most a few times 10 ms; the tail of the last one is longer. */
function delay(next: Random): string {
  const forms = [
    () => between(next, 0, 20),
    () => `uniform(0,${between(next, 1, 40)})`,
    () => `normal(${between(next, 1, 20)},${between(next, 0, 5)})`,
    () => `pareto(${between(next, 0.1, 2)},${between(next, 3, 5)})`,
  ];
  return forms[Math.floor(next() * forms.length)]?.() ?? "0";
}

/** The value of each kind. Resets are rare, because each ends all packets in flight on its connection. */
const VALUES: Readonly<Record<Kind, (next: Random) => string>> = {
  drop: (next) => `${between(next, 0, 0.1)}/${between(next, 0, 0.1)}`,
  close: (next) => `${between(next, 0, 0.02)}/${between(next, 0, 0.02)}`,
  stall: (next) => `${between(next, 0, 0.005)}/${between(next, 0, 0.005)}`,
  burst: (next) => `gilbert(${between(next, 0, 0.05)},${between(next, 0.2, 0.8)})/0`,
  delay: (next) => downOrBoth(next, delay),
  duplicate: (next) => downOrBoth(next, () => between(next, 0, 0.2)),
  reorder: (next) => downOrBoth(next, () => between(next, 0, 0.2)),
  corrupt: (next) => downOrBoth(next, () => between(next, 0, 0.05)),
  reset: (next) => between(next, 0, 0.01),
  status: (next) => `${400 + Math.floor(next() * 200)}:${between(next, 0, 0.1)}`,
};

function textOf(protocol: Protocol, next: Random): string {
  const kinds = KINDS_OF[protocol].filter(() => next() < SHARE);
  return kinds.length === 0 ? "" : `${protocol}:${kinds.map((kind) => `${kind}=${VALUES[kind](next)}`).join()}`;
}

/** An endless sequence of faults of all protocols, as text; the same seed gives the same sequence. */
export function* faultTexts(seed: number): Generator<string, never> {
  const next = random(seed, "soak");
  for (;;)
    yield CLASSICS.map((protocol) => textOf(protocol, next))
      .filter(Boolean)
      .join(";") || "none";
}
