/** A listening port whose traffic is forwarded to a lab. Disposing of it closes the port and every connection. */
export interface Relay {
  /** The port that the relay listens on. */
  readonly port: number;
  [Symbol.asyncDispose](): Promise<void>;
}
