/** Answers that are held until it is decided whether the target is a lab. */
import type { ErrorEstimate } from "../../../stamp/packet.ts";
import type { LabIdentity } from "../../measure/directions/lab-identity.ts";
import type { Recorder } from "../../measure/recorder.ts";

/** Most answers of a run that are held until it is decided whether the target is a lab, in about 10 MB. */
const MAX_DEFERRED = 65_536;
/** Timeouts after which an answer is not held any longer. Each packet is kept for at least two. */
const DEFERRED_TIMEOUTS = 2;

/** What is read from a reflector's packet. Times are monotonic ms (`now`) and ms since the Unix epoch. */
export interface ReflectedAnswer {
  readonly sequence: number;
  readonly now: number;
  /** The reflector's own sequence number. */
  readonly reflected: number;
  /** The sender's sequence number, modulo 2^32. */
  readonly onWire: number;
  /** When the packet was sent. */
  readonly sentTime: number;
  readonly receivedAt: number;
  readonly reflectedAt: number;
  /** The reflector's error estimate, and its octets. */
  readonly estimate: ErrorEstimate;
  readonly estimateBits: number;
  /** Length of the answer. */
  readonly octets: number;
}

/** The held answers of a session. */
export class DeferredAnswers {
  readonly #identity: LabIdentity;
  readonly #timeoutMs: number;
  readonly #classify: (answer: ReflectedAnswer) => void;
  readonly #answers: ReflectedAnswer[] = [];
  #recorder: Recorder | undefined;

  /** @param classify counts an answer after the decision */
  constructor(identity: LabIdentity, timeoutMs: number, classify: (answer: ReflectedAnswer) => void) {
    this.#identity = identity;
    this.#timeoutMs = timeoutMs;
    this.#classify = classify;
    identity.onDecision(() => this.#release());
  }

  /** Holds an answer until it is decided whether the target is a lab. Very many of them come from a foreign reflector. */
  add(answer: ReflectedAnswer, recorder: Recorder): void {
    if (recorder.deferredAnswers >= MAX_DEFERRED) {
      this.#identity.decide(false);
      this.#classify(answer);
      return;
    }
    this.#answers.push(answer);
    this.#recorder = recorder;
    recorder.deferredAnswers++;
  }

  #release(): void {
    for (const answer of this.#take()) this.#classify(answer);
  }

  /** Returns the answers that were held, which are not counted. */
  drop(): readonly ReflectedAnswer[] {
    return this.#take();
  }

  #take(): readonly ReflectedAnswer[] {
    const taken = this.#answers.splice(0);
    if (this.#recorder !== undefined) this.#recorder.deferredAnswers -= taken.length;
    return taken;
  }

  /** Decides that the target is not a lab if an answer has been held for too long. */
  expire(now: number): void {
    const [oldest] = this.#answers;
    const isOverdue = oldest !== undefined && now - oldest.now > DEFERRED_TIMEOUTS * this.#timeoutMs;
    if (isOverdue) this.#identity.decide(false);
  }
}
