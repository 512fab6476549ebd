/** The row about the handshakes of the protocols with encryption. */
import { CountsPerSecond, PercentUnit, Seconds } from "@grafana/grafana-foundation-sdk/units";
import { type AnyPanel, LAB, lines, logLines, rising } from "./parts.ts";
import { perSecond, quantile } from "./queries.ts";

/** A quantile of the times that the clients measure, per protocol and kind of handshake. */
const opened = (q: number) =>
  `histogram_quantile(${q}, ${perSecond("wirelab_load_handshake_seconds_bucket", 'job="wirelab-traffic"', "protocol, kind, le")})`;

const COUNTER = "wirelab_tls_handshakes_total";

/** Handshakes by result, the share of those that fail, and their times, of every protocol that reports them. */
export function handshakes(): AnyPanel[] {
  return [
    lines(
      {
        title: "Handshakes by result",
        description:
          "Handshakes of TLS and QUIC on every protocol that reports them, selected or not. refused: the connection was over a limit. timeout: the handshake was not finished.",
        unit: CountsPerSecond,
        span: 12,
      },
      [
        {
          expr: `${perSecond(COUNTER, LAB, "protocol, result")} > 0`,
          legend: "{{protocol}} {{result}}",
        },
      ],
    ),
    lines(
      {
        title: "Failed handshakes",
        description:
          "Handshakes with a result other than ok, over all of them. WirelabHandshakesFail fires from 10 % on, with more than ten in five minutes.",
        unit: PercentUnit,
        span: 12,
        thresholds: rising(0.1, 0.5),
      },
      [
        {
          expr: `${perSecond(COUNTER, `${LAB},result!="ok"`, "protocol")}\n/\n(${perSecond(COUNTER, LAB, "protocol")} > 0)`,
          legend: "{{protocol}}",
        },
      ],
    ),
    logLines(
      {
        title: "Handshake time, at the lab",
        description:
          "From the acceptance of a connection to the end of its handshake, of completed handshakes. Solid: p50. Dashed: p99. Includes at least one round trip to the client.",
        unit: Seconds,
        span: 12,
      },
      [
        { expr: quantile(0.5, "wirelab_tls_handshake_seconds", LAB), legend: "{{protocol}} p50" },
        { expr: quantile(0.99, "wirelab_tls_handshake_seconds", LAB), legend: "{{protocol}} p99", dashed: true },
      ],
    ),
    logLines(
      {
        title: "Time until connections are open, at the client",
        description:
          "tcp: until the connection is accepted. tls and quic: until its handshake ends, resumed or full. Solid: p50. Dashed: p99.",
        unit: Seconds,
        span: 12,
      },
      [
        { expr: opened(0.5), legend: "{{protocol}} {{kind}} p50" },
        { expr: opened(0.99), legend: "{{protocol}} {{kind}} p99", dashed: true },
      ],
    ),
  ];
}
