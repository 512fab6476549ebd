/** The history as JSON, for pages that open: encoded once a second, divided over turns of the event loop. */
import { jsonWith, overTurns } from "../base/turns.ts";
import type { Instance } from "../reflector/instance.ts";
import type { PacketLog } from "../reflector/packet-log.ts";
import type { History } from "./history.ts";
import { MOST_PACKETS, sampleOf, type Visibility, visiblePart } from "./packet-sample.ts";
import { type HistoryDump, type PacketSample, SERIES, type SeriesName } from "./shapes.ts";

/** Series of the history that are encoded in one turn of the event loop, which takes less than a millisecond. */
const SERIES_PER_TURN = 2;

/** What a dump contains. */
export interface DumpSources {
  readonly instance: Instance;
  readonly history: History;
  readonly packetLog: PacketLog;
  readonly version: string;
}

/** The history of one second: the series as JSON, and the other fields. */
interface DumpParts {
  readonly fields: Omit<HistoryDump, "series" | "flow">;
  readonly flow: PacketSample;
  readonly series: Promise<string>;
  /** The whole as JSON, by whether it shows peers: responses that are not read share it. */
  readonly texts: Map<boolean, Promise<string>>;
}

/** The dumps of one lab's history. */
export class HistoryDumps {
  #last: DumpParts | undefined;

  constructor(private readonly sources: DumpSources) {}

  /**
   * A HistoryDump as JSON: one text for all that ask within a second.
   * @param at wall clock of the last second of the history, ms
   */
  encoded(at: number, visibility: Visibility): Promise<string> {
    if (this.#last?.fields.seconds !== this.sources.history.seconds) this.#last = this.#start(at);
    const { fields, flow, series, texts } = this.#last;
    const encode = async () => jsonWith({ ...fields, flow: visiblePart(flow, visibility) }, { series: await series });
    const text = texts.get(visibility.peers) ?? encode();
    texts.set(visibility.peers, text);
    return text;
  }

  #start(at: number): DumpParts {
    const { history, packetLog, version, instance } = this.sources;
    const { seconds, span } = history;
    return {
      fields: { lab: instance.instance, version, seconds, at, span, marks: history.marks() },
      flow: { packets: sampleOf(packetLog.recent().slice(-MOST_PACKETS)), leftOut: 0 },
      series: this.#encodeSeries(),
      texts: new Map(),
    };
  }

  /** The series of all protocols as JSON. They are copied before the call returns. */
  async #encodeSeries(): Promise<string> {
    const { history } = this.sources;
    const copies = history.protocols.map((protocol) => [protocol, history.series(protocol)] as const);
    const texts: Record<string, string> = {};
    for (const [protocol, series] of copies) {
      const own: Record<string, string> = {};
      const encode = (name: SeriesName) => {
        own[name] = JSON.stringify(Array.from(series[name])); // NaN becomes null
      };
      await overTurns(SERIES, encode, SERIES_PER_TURN);
      texts[protocol] = jsonWith({}, own);
    }
    return jsonWith({}, texts);
  }
}
