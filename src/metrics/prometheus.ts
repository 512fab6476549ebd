/** Every series of the lab in Prometheus' text format: names, help and labels here, the numbers from metrics.ts. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Bounded } from "../base/bounded.ts";
import type { ProcessUsage } from "../base/kernel.ts";
import { PROTOCOLS } from "../base/protocol.ts";
import { DIRECTIONS_OF, KINDS_OF } from "../faults/faults.ts";
import {
  type Distribution,
  DROP_REASONS,
  type Metrics,
  REJECT_REASONS,
  STRUCTURES,
  type Structure,
} from "./counters.ts";

/** What the exposition reads from other parts when somebody scrapes; wired by the lab. */
export interface Sources {
  readonly bounded: Readonly<Record<Structure, () => Bounded>>;
  /** HTTP connections open now; TCP's are `bounded["tcp-connections"]`. */
  readonly openHttpConnections: () => number;
  /** Datagrams that the kernel dropped because a receive buffer was full, by socket: `udp`, `stamp`. */
  readonly receiveBufferDrops: () => Readonly<Record<string, number>>;
  /** Packets that the log took in, and those that it left out. */
  readonly packetLog: () => { readonly entries: number; readonly skipped: number };
  readonly processUsage: () => ProcessUsage;
  readonly build: { readonly version: string; readonly bunVersion: string; readonly commit: string };
}

/** One number of a series with its labels. */
type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** A histogram that stands in for prom-client's own storage and reads Distributions at the scrape. */
class DistributionHistogram extends Histogram {
  readonly #title: { readonly name: string; readonly help: string };
  readonly #rows: readonly (readonly [Readonly<Record<string, string>>, Distribution])[];

  constructor(
    registry: Registry,
    name: string,
    help: string,
    rows: readonly (readonly [Readonly<Record<string, string>>, Distribution])[],
  ) {
    super({ name, help, registers: [registry], labelNames: Object.keys(rows[0]?.[0] ?? {}) });
    this.#title = { name, help };
    this.#rows = rows;
  }

  override async get() {
    const { name, help } = this.#title;
    const values = this.#rows.flatMap(([labels, { bounds, counts, sum, count }]) => {
      let total = 0;
      const bucket = (le: number | string, value: number) => ({
        metricName: `${name}_bucket`,
        labels: { ...labels, le },
        value,
      });
      return [
        ...bounds.map((bound, i) => {
          total += counts[i] ?? 0;
          return bucket(bound, total);
        }),
        bucket("+Inf", count),
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ];
    });
    // prom-client declares `type` as an enumeration of numbers and writes it out as this text.
    return { name, help, type: "histogram" as never, aggregator: "sum" as const, values, collect() {} };
  }

  /** The registry asks for this one in place of `get` when it renders text. */
  getForPromString() {
    return this.get();
  }
}

/** Builds the lab's own registry; `render` gives the text exposition format, version 0.0.4. */
export function createExposition(metrics: Metrics, sources: Sources) {
  const registry = new Registry();
  const define = (Type: typeof Counter | typeof Gauge, name: string, help: string, read: () => readonly Sample[]) => {
    const labelNames = Object.keys(read()[0]?.[0] ?? {});
    const metric = new Type({ name, help, labelNames, registers: [registry], collect });
    function collect() {
      metric.reset();
      for (const [labels, value] of read()) metric.inc(labels, value);
    }
  };
  const counter = (name: string, help: string, read: () => readonly Sample[]) => define(Counter, name, help, read);
  const gauge = (name: string, help: string, read: () => readonly Sample[]) => define(Gauge, name, help, read);
  defineTraffic(registry, metrics, counter);
  defineBounds(metrics, sources, counter, gauge);
  defineProcess(registry, metrics, sources, counter, gauge);
  return { contentType: registry.contentType, render: () => registry.metrics() };
}

type Define = (name: string, help: string, read: () => readonly Sample[]) => void;

function defineTraffic(registry: Registry, { traffic }: Metrics, counter: Define): void {
  const each = (read: (t: Metrics["traffic"][keyof Metrics["traffic"]]) => number) => () =>
    PROTOCOLS.map((protocol): Sample => [{ protocol }, read(traffic[protocol])]);
  counter(
    "packets_total",
    "Packets received, answered or not: HTTP requests, TCP chunks or frames, UDP datagrams.",
    each((t) => t.packets),
  );
  counter(
    "dropped_packets_total",
    "Packets that got no answer, whatever the reason.",
    each((t) => t.dropped),
  );
  new DistributionHistogram(
    registry,
    "response_time_seconds",
    "Time from the moment the handler had an answered packet to the moment its answer went to the kernel.",
    PROTOCOLS.map((protocol) => [{ protocol }, traffic[protocol].responseTime]),
  );
  counter(
    "wirelab_received_bytes_total",
    "Payload bytes of the packets received.",
    each((t) => t.receivedBytes),
  );
  counter(
    "wirelab_sent_bytes_total",
    "Payload bytes of the answers sent.",
    each((t) => t.sentBytes),
  );
  counter("wirelab_drops_total", "Packets that got no answer, by reason.", () =>
    PROTOCOLS.flatMap((protocol) =>
      DROP_REASONS.map((reason): Sample => [{ protocol, reason }, traffic[protocol].drops.get(reason)]),
    ),
  );
  counter("wirelab_rejected_total", "Input refused, by reason.", () =>
    PROTOCOLS.flatMap((protocol) =>
      REJECT_REASONS[protocol].map((reason): Sample => [{ protocol, reason }, traffic[protocol].rejects.get(reason)]),
    ),
  );
  counter("wirelab_impairments_total", "Faults injected, by kind and direction.", () =>
    PROTOCOLS.flatMap((protocol) =>
      KINDS_OF[protocol].flatMap((kind) =>
        DIRECTIONS_OF[kind].map(
          (direction): Sample => [
            { protocol, kind, direction },
            traffic[protocol].injected.get(`${kind}/${direction}`),
          ],
        ),
      ),
    ),
  );
  counter(
    "wirelab_impairment_changes_total",
    "Changes of the faults at run time.",
    each((t) => t.impairmentChanges),
  );
}

function defineBounds({ traffic }: Metrics, sources: Sources, counter: Define, gauge: Define): void {
  const each = (read: (bounded: Bounded) => number) => () =>
    STRUCTURES.map((structure): Sample => [{ structure }, read(sources.bounded[structure]())]);
  gauge("wirelab_open_connections", "Connections open now.", () => [
    [{ protocol: "http" }, sources.openHttpConnections()],
    [{ protocol: "tcp" }, sources.bounded["tcp-connections"]().size],
  ]);
  counter("wirelab_connections_total", "Connections accepted.", () => [[{ protocol: "tcp" }, traffic.tcp.connections]]);
  gauge(
    "wirelab_bounded_size",
    "Entries held now in a structure whose size is bounded.",
    each((b) => b.size),
  );
  gauge(
    "wirelab_bounded_limit",
    "Most entries that the structure may hold.",
    each((b) => b.limit),
  );
  counter(
    "wirelab_bounded_overflows_total",
    "Times that the structure was full and gave something up.",
    each((b) => b.overflows),
  );
  counter("wirelab_packet_log_entries_total", "Packets taken into the packet log.", () => [
    [{}, sources.packetLog().entries],
  ]);
  counter("wirelab_packet_log_skipped_total", "Packets that the packet log's sampling left out.", () => [
    [{}, sources.packetLog().skipped],
  ]);
  counter(
    "wirelab_udp_receive_buffer_drops_total",
    "Datagrams that the kernel dropped because a socket's receive buffer was full.",
    () => Object.entries(sources.receiveBufferDrops()).map(([socket, drops]): Sample => [{ socket }, drops]),
  );
}

function defineProcess(
  registry: Registry,
  { eventLoopLag }: Metrics,
  { processUsage, build }: Sources,
  counter: Define,
  gauge: Define,
): void {
  new DistributionHistogram(registry, "wirelab_event_loop_lag_seconds", "How late the event loop's timer fires.", [
    [{}, eventLoopLag],
  ]);
  gauge("wirelab_build_info", "What runs: the version of wirelab, of Bun, and the commit.", () => [
    [{ version: build.version, bun_version: build.bunVersion, commit: build.commit }, 1],
  ]);
  counter("process_cpu_seconds_total", "Processor time used, by mode.", () => {
    const { userSeconds, systemSeconds } = processUsage();
    return [
      [{ mode: "user" }, userSeconds],
      [{ mode: "system" }, systemSeconds],
    ];
  });
  gauge("process_resident_memory_bytes", "Resident memory.", () => [[{}, processUsage().residentBytes]]);
  gauge("process_open_fds", "Open file descriptors.", () => [[{}, processUsage().openFiles]]);
  gauge("process_max_fds", "Most file descriptors that may be open.", () => [[{}, processUsage().maxFiles]]);
  gauge("process_start_time_seconds", "Start of the process, in seconds since the Unix epoch.", () => [
    [{}, processUsage().startTime],
  ]);
}
