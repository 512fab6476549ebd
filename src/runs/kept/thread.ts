/** The lab's side of the thread that reads and writes the file of kept runs. */
import { within } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { RunBackend } from "./backend.ts";
import { StoreBusyError, StoreEndedError, UnreadableRunError } from "./errors.ts";
import type { RunCalls } from "./library.ts";
import type { AnyCall, CallName, FailureKind, ThreadEvent, ThreadRequest } from "./thread-messages.ts";

const PROGRAM = new URL("./thread-main.ts", import.meta.url).href;
/** Most calls in progress when the list is read: one of each viewer of the page. */
const MOST_LISTS = 256;
/** Most calls in progress when another one is made, which can take a tenth of a second. */
const MOST_CALLS = 32;
/** Longest wait for the result of a call: the thread gives up after 5 s, and can be reading a long list before. ms */
const CALL_LIMIT_MS = 10_000;
/** Longest wait for the file to be closed, ms. */
const CLOSE_LIMIT_MS = 1000;

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer | undefined;
}

function errorOf(failure: FailureKind, message: string): Error {
  if (failure === "busy") return new StoreBusyError(message);
  return failure === "unreadable" ? new UnreadableRunError(message) : new Error(message);
}

/** The reason in the event of a thread that failed, whose message can have an excerpt of the source. */
function reasonOf({ message }: ErrorEvent): string {
  const lines = message.split("\n");
  return lines.find((line) => /^\w*error: /i.test(line)) ?? lines[0] ?? "unknown error";
}

/** The thread of one file. */
export class StoreThread implements RunBackend {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #closed = Promise.withResolvers<void>();
  #lastId = 0;
  #version = 0;
  #ended: StoreEndedError | undefined;

  /**
   * Starts the thread, which opens `path`.
   * @param log receives the lines of the thread
   * @param onEnd called once, with the reason, if the thread ends before it is closed
   */
  constructor(
    path: string,
    private readonly log: Log,
    private readonly onEnd: (reason: string) => void,
    program = PROGRAM,
  ) {
    this.#worker = new Worker(program, { smol: true });
    this.#worker.onmessage = ({ data }: MessageEvent<ThreadEvent>) => this.#receive(data);
    this.#worker.onerror = (event) => this.#end(reasonOf(event));
    this.#worker.addEventListener("close", () => this.#end("it has exited"));
    this.#post({ kind: "open", path });
  }

  get version(): number {
    return this.#version;
  }

  call<Name extends CallName>(name: Name, ...args: Parameters<RunCalls[Name]>): Promise<ReturnType<RunCalls[Name]>> {
    if (this.#ended) return Promise.reject(this.#ended);
    const isSave = name === "save"; // limited by the queue, and made once: its result is waited for
    const most = name === "list" ? MOST_LISTS : MOST_CALLS;
    if (!isSave && this.#pending.size >= most) {
      return Promise.reject(new StoreBusyError(`${most} requests for kept runs wait; try again later`));
    }
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = isSave ? undefined : setTimeout(() => this.#giveUp(id), CALL_LIMIT_MS);
      this.#pending.set(id, { resolve, reject, timer });
      this.#post({ kind: "call", id, call: { name, args } as AnyCall }); // the parameters pair name and arguments
    });
  }

  async close(): Promise<void> {
    if (!this.#ended) {
      this.#ended = new StoreEndedError("the lab is stopping");
      this.#post({ kind: "close" });
      await within(this.#closed.promise, CLOSE_LIMIT_MS);
    }
    this.#rejectAll(this.#ended);
    this.#worker.terminate();
  }

  #post(request: ThreadRequest): void {
    this.#worker.postMessage(request);
  }

  #receive(event: ThreadEvent): void {
    switch (event.kind) {
      case "result":
        this.#take(event.id)?.resolve(event.result as never); // of the type of the call with this id
        break;
      case "failure":
        this.#take(event.id)?.reject(errorOf(event.failure, event.message));
        break;
      case "version":
        this.#version = event.version;
        break;
      case "log":
        this.log.write(event.level, event.message, event.fields);
        break;
      case "closed":
        this.#closed.resolve();
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    clearTimeout(pending?.timer);
    this.#pending.delete(id);
    return pending;
  }

  #giveUp(id: number): void {
    this.#take(id)?.reject(new StoreBusyError("the file of kept runs is busy; try again later"));
  }

  #rejectAll(error: Error): void {
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(error);
  }

  #end(reason: string): void {
    this.#closed.resolve();
    if (this.#ended) return;
    this.#ended = new StoreEndedError("the thread of the kept runs has ended; try again");
    this.#worker.terminate();
    this.onEnd(reason);
    this.#rejectAll(this.#ended);
  }
}
