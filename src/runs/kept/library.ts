/**
 * The kept runs as the encoded bodies of responses. Reading a run takes up to a second, so the runs of a file are read by
 * a thread of their own (server.ts), and the lab's thread passes the octets on.
 */
import { jsonOf } from "../../load/report/files/json.ts";
import type { RunBounds, RunList } from "../shapes.ts";
import { compareRuns } from "./comparison.ts";
import type { RunStore } from "./store.ts";
import type { StoredRun } from "./stored-run.ts";

/** JSON in UTF-8. */
export type Body = Uint8Array<ArrayBuffer>;

/** The calls of the kept runs. Those for a run that is not kept return undefined. Throw UnreadableRunError or SQLiteError. */
export interface RunCalls {
  /** The response of `GET /runs` with these bounds (RunList). */
  list(bounds: RunBounds): Body;
  /** One run (KeptRun). */
  run(id: number): Body | undefined;
  /** The reports of a run: an object for one protocol, an array for several. */
  report(id: number): Body | undefined;
  /** The comparison of two runs (RunComparison), or the first of them that is not kept. */
  compare(before: number, after: number): Body | { readonly missing: number };
  /** Keeps a run and returns its id. */
  save(run: StoredRun): number;
  /** Deletes a run; false if it is not kept. */
  delete(id: number): boolean;
}

const encoder = new TextEncoder();

function encode(value: unknown): Body {
  return encoder.encode(JSON.stringify(value));
}

/** The calls on a store, with an index of the runs in the list. Disposing of it closes the store. */
export class RunLibrary implements RunCalls {
  /** Summaries by id as JSON; a kept run never changes. */
  readonly #summaries = new Map<number, string>();

  /** Takes over `store`. */
  constructor(private readonly store: RunStore) {}

  list(bounds: RunBounds): Body {
    const ids = this.store.ids();
    const listed = new Set(ids);
    for (const id of this.#summaries.keys()) if (!listed.has(id)) this.#summaries.delete(id);
    const runs = ids.flatMap((id) => this.#summaryOf(id) ?? []);
    const rest: Omit<RunList, "runs"> = { file: this.store.path !== undefined, ...bounds };
    return encoder.encode(`{"runs":[${runs.join()}],${JSON.stringify(rest).slice(1)}`);
  }

  run(id: number): Body | undefined {
    const run = this.store.get(id);
    return run && encode(run);
  }

  report(id: number): Body | undefined {
    const run = this.store.get(id);
    return run && encoder.encode(`${jsonOf(run.reports)}\n`);
  }

  compare(before: number, after: number): Body | { readonly missing: number } {
    const runs = [this.store.get(before), this.store.get(after)] as const;
    if (!runs[0]) return { missing: before };
    return runs[1] ? encode(compareRuns(runs[0], runs[1])) : { missing: after };
  }

  save(run: StoredRun): number {
    const id = this.store.saveStored(run);
    // In memory, the lab's thread reads the list, which must not take the time of reading 200 runs.
    if (this.store.path === undefined) this.#summaryOf(id);
    return id;
  }

  delete(id: number): boolean {
    return this.store.delete(id);
  }

  /** A number that differs after each change of the list, changes by other processes included. */
  version(): number {
    return this.store.version();
  }

  [Symbol.dispose](): void {
    this.store.close();
  }

  /** The summary of one run as JSON; undefined if it is not kept. */
  #summaryOf(id: number): string | undefined {
    const known = this.#summaries.get(id);
    if (known !== undefined) return known;
    const summary = this.store.summaryOf(id);
    if (!summary) return undefined;
    const text = JSON.stringify(summary);
    this.#summaries.set(id, text);
    return text;
  }
}
