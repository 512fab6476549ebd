/** The words of the page, explained in a sentence or two for people who learn. */
import { byId, h } from "./dom.ts";

/** What each term means. */
export const TERMS = {
  packet:
    "What the lab counts: an HTTP request, a piece of a TCP stream as it was read (or one frame), a UDP datagram. Requests of this page are not packets.",
  "packets per second": "How many packets arrived in the last second, answered or not.",
  "drop ratio":
    "The share of packets that got no answer, whatever the reason. 20 % means that one in five stayed unanswered. On a real network a loss of 1 % is already felt.",
  "response time":
    "From the moment the lab has a packet to the moment it hands the answer to the operating system, simulated delay included. The way over the network is not in it; a load run measures that.",
  average:
    "The sum of all response times divided by their number. A few very slow answers pull it up, and it hides how many were slow.",
  p50: "The median: half of the answers were faster, half slower. Percentiles are interpolated within the buckets of the lab's histogram, so they are close, not exact.",
  p99: "The 99th percentile: one answer in a hundred took longer. This is what people notice, for a page makes many requests.",
  connections:
    "Connections that are open now. UDP has none: each datagram stands for itself. Those of HTTP include this page's own.",
  bytes: "Payload octets a second: in are the packets received, out the answers sent. Headers are not counted.",
  drop: "A packet is lost with this probability. Up is on its way to the lab, so it is never handled; down is its answer on the way back.",
  burst:
    "Losses that come together, as on a radio link (Gilbert's model). In the bad state every packet is lost. “Starts” is the chance at each packet to fall into it, “ends” the chance to leave it: the mean burst is 1 ÷ ends packets long.",
  delay:
    "The answer is held back. Fixed: always as long. Uniform: anything from … to. Normal: a bell curve. Pareto: mostly short, at times very long, as in real queues.",
  duplicate: "The answer is sent twice, as a network does that retransmits. The receiver has to notice.",
  reorder: "The answer waits until the next one has overtaken it.",
  corrupt: "One bit of the answer is flipped. A checksum would have caught it; the receiver has to.",
  reset: "The connection is torn down (TCP RST) in place of an answer.",
  status: "The answer is an error status in place of the real one: 500 says “I failed”, 503 “not now”.",
  "injected and measured":
    "Injected is what the lab did on purpose since the last change, measured is what came out. With few packets chance makes them differ from what was set; they meet as packets add up.",
  peer: "The address and port that a packet came from. It is hidden from viewers who may not change the lab.",
  outcome: "Answered, or the reason why there was no answer. “fault-up” and “fault-down” are the faults above.",
  sample:
    "The lab takes in 200 packets a second for this list and counts the rest, so that watching does not slow what is watched.",
  rate: "Packets a second of each protocol, sent by the clock whatever comes back (an open loop). Real users do not wait for each other either.",
  arrival:
    "Constant: evenly spaced. Poisson: at random moments with the same mean rate, as independent users arrive; queues show up that even spacing hides.",
  "warm-up":
    "Packets that are sent before the run and count nowhere in its report, so that it does not measure a cold start. The lab's columns do count them.",
  ledger:
    "The account of every packet: sent = answered + lost + late + failed + corrupt. Lost ones are told apart by direction, because the lab says what it received.",
  late: "Answered, but after the timeout. It is neither a loss nor a response time.",
  unexplained: "Lost packets of which nobody knows where. On a lab of this machine it should be 0.",
  loss: "Lost packets of those sent, with the interval in which the true ratio lies with 95 % confidence (Wilson).",
  "response and service time":
    "Response time runs from the planned moment of sending, service time from the actual one. When they differ, packets waited for others: coordinated omission made visible.",
  "server time": "What the lab itself says that it took, delay faults included.",
  jitter: "How much the response time changes from one packet to the next (RFC 3550's smoothed estimate).",
  "schedule error": "How late the generator sent its packets. It measures the measurer.",
  verdict:
    "Whether the run can carry its own numbers: it is not valid when the sender ran late, its buffer overflowed, or there were too few packets.",
  "better or worse":
    "A change counts only when chance would hardly have made it (95 % confidence); within noise means that the two runs may well be the same.",
  "percentile curve":
    "How slow the slowest share of answers was. To the right each step is ten times rarer: 90 %, 99 %, 99.9 %. A flat line is a steady service; a line that climbs has a tail.",
} as const;
/** A word that has its explanation here. */
export type Term = keyof typeof TERMS;

/** A term that explains itself when it is asked for. */
export function term(name: Term, label: string = name): HTMLElement {
  const id = `term-${name.replaceAll(" ", "-")}`;
  const known = document.getElementById(id) !== null;
  // The second and the third column say the same: one stop for those who go by the keyboard is enough.
  const trigger = h(
    "button",
    { type: "button", class: "term", popovertarget: id, tabindex: known ? -1 : undefined },
    label,
  );
  if (!known) document.body.append(popover(id, name));
  trigger.addEventListener("click", () => place(byId(id), trigger));
  return trigger;
}

function popover(id: string, name: Term): HTMLElement {
  return h("div", { id, popover: "auto", class: "explain" }, h("strong", {}, name), h("p", {}, TERMS[name]));
}

/** Puts the explanation under its term, within the window. */
function place(box: HTMLElement, trigger: HTMLElement): void {
  const { left, bottom } = trigger.getBoundingClientRect();
  box.style.left = `${Math.max(12, Math.min(left, innerWidth - 340))}px`;
  box.style.top = `${Math.min(bottom + 6, innerHeight - 160)}px`;
}

/** Fills the list of definitions `id`. */
export function listTerms(id: string, names: readonly Term[]): void {
  byId(id).replaceChildren(
    h("dl", {}, ...names.map((name) => h("div", {}, h("dt", {}, name), h("dd", {}, TERMS[name])))),
  );
}
