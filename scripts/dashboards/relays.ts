/** The row about the relays: what passes, what is lost, what they add, and whether their upstreams can be reached. */
import {
  BytesPerSecondSI,
  BytesSI,
  CountsPerSecond,
  NoUnit,
  PacketsPerSecond,
  PercentUnit,
  Seconds,
} from "@grafana/grafana-foundation-sdk/units";
import { type AnyPanel, LAB, lines, logLines, rising } from "./parts.ts";
import { perSecond } from "./queries.ts";

const WAY = "relay, direction";
const LEGEND = "{{relay}} {{direction}}";

const quantile = (what: "added_delay" | "queued", q: number) =>
  `histogram_quantile(${q}, ${perSecond(`wirelab_relay_${what}_seconds_bucket`, LAB, `${WAY}, le`)})`;

function traffic(): AnyPanel[] {
  return [
    lines(
      {
        title: "Through the relays",
        description:
          "Payload that the relays passed on. up: from clients to the upstream. Empty if there are no relays. Dashed: what they received.",
        unit: BytesPerSecondSI,
        span: 12,
      },
      [
        { expr: perSecond("wirelab_relay_sent_bytes_total", LAB, WAY), legend: LEGEND },
        { expr: perSecond("wirelab_relay_received_bytes_total", LAB, WAY), legend: `${LEGEND} received`, dashed: true },
      ],
    ),
    lines(
      {
        title: "Lost in the relays",
        description:
          "Payload that the relays lost, as a part of what they received, by reason: the faults that were set, and queues or limits that were full.",
        unit: PercentUnit,
        span: 12,
      },
      [
        {
          expr: `${perSecond("wirelab_relay_dropped_bytes_total", LAB, `${WAY}, reason`)}\n/ on (relay, direction) group_left ()\n(${perSecond("wirelab_relay_received_bytes_total", LAB, WAY)} > 0) > 0`,
          legend: `${LEGEND} {{reason}}`,
        },
      ],
    ),
  ];
}

function delays(): AnyPanel[] {
  return [
    logLines(
      {
        title: "Delay added by the relays",
        description:
          "From the receipt of a packet until it is passed on: the injected delay, the queue in front of a rate, and the relay itself. Solid: p50. Dashed: p99.",
        unit: Seconds,
        span: 12,
      },
      [
        { expr: quantile("added_delay", 0.5), legend: `${LEGEND} p50` },
        { expr: quantile("added_delay", 0.99), legend: `${LEGEND} p99`, dashed: true },
      ],
    ),
    lines(
      {
        title: "Waiting in the relays",
        description:
          "Payload in the relays: delayed, in the queue in front of a rate, or not accepted by the kernel because the peer does not read.",
        unit: BytesSI,
        span: 12,
      },
      [{ expr: `sum by (${WAY}) (wirelab_relay_waiting_bytes{${LAB}})`, legend: LEGEND }],
    ),
    logLines(
      {
        title: "Queues in front of rates",
        description:
          "Time in the queue in front of a rate and on its link, of what the queue accepted. Empty without a rate. Solid: p50. Dashed: p99.",
        unit: Seconds,
        span: 12,
      },
      [
        { expr: quantile("queued", 0.5), legend: `${LEGEND} p50` },
        { expr: quantile("queued", 0.99), legend: `${LEGEND} p99`, dashed: true },
      ],
    ),
    lines(
      {
        title: "Kernel drops at the relays",
        description:
          "Datagrams that the kernel dropped before a UDP relay received them, because a receive buffer was full. No other series counts them. Should be 0.",
        unit: PacketsPerSecond,
        span: 12,
        thresholds: rising(0.001, 1),
      },
      [{ expr: perSecond("wirelab_relay_receive_buffer_drops_total", LAB, WAY), legend: LEGEND }],
    ),
  ];
}

function ends(): AnyPanel[] {
  return [
    lines(
      {
        title: "Open connections and flows of the relays",
        description: "Connections on TCP; addresses and ports of clients on UDP, for a minute after the last datagram.",
        unit: NoUnit,
        span: 12,
      },
      [{ expr: `sum by (relay) (wirelab_relay_open_flows{${LAB}})`, legend: "{{relay}}" }],
    ),
    lines(
      {
        title: "Upstreams not reached",
        description:
          "Connections and datagrams that the upstream refused or that could not reach it, by reason, and places that were missing. WirelabRelayUpstreamFails fires above 0.",
        unit: CountsPerSecond,
        span: 12,
        thresholds: rising(0.001, 1),
      },
      [
        {
          expr: `${perSecond("wirelab_relay_upstream_errors_total", LAB, "relay, reason")} > 0`,
          legend: "{{relay}} {{reason}}",
        },
        {
          expr: `${perSecond("wirelab_relay_flow_overflows_total", LAB, "relay")} > 0`,
          legend: "{{relay}} no place",
        },
      ],
    ),
  ];
}

/** Traffic, losses, delays and upstreams of the relays. */
export function relays(): AnyPanel[] {
  return [...traffic(), ...delays(), ...ends()];
}
