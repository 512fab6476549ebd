/** A certificate that changes while the lab runs, and its listeners. */
import type { InternalErrors } from "../base/internal-errors.ts";
import type { Certificate } from "./certificate.ts";

/** The certificate of a server. Disposing of it ends its checks. */
export interface CertificateSource extends Disposable {
  /** The certificate for new connections. */
  readonly current: Certificate;
  /** Calls `listener` with each certificate that replaces the current one; the returned function ends that. */
  onChange(listener: (certificate: Certificate) => void): () => void;
}

/** Calls `run` every `ms` milliseconds until it is disposed of. */
export type Repeat = (ms: number, run: () => unknown) => Disposable;

/** Repeats with timers that do not keep the process alive; errors are counted at this place. */
export function repeatWith(errors: InternalErrors, place: string): Repeat {
  return (ms, run) => {
    const timer = errors.every(place, ms, run);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  };
}

/** Calls `next` every `ms` milliseconds; a certificate that it returns or resolves with replaces the current one. */
export function startSource(
  first: Certificate,
  { ms, repeat }: { readonly ms: number; readonly repeat: Repeat },
  next: (current: Certificate) => Certificate | undefined | Promise<Certificate | undefined>,
): CertificateSource {
  let current = first;
  let isDisposed = false;
  const listeners = new Set<(certificate: Certificate) => void>();
  const timer = repeat(ms, async () => {
    const found = await next(current);
    if (found === undefined || isDisposed) return;
    current = found;
    for (const listener of listeners) listener(found);
  });
  return {
    get current() {
      return current;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    [Symbol.dispose]() {
      isDisposed = true;
      timer[Symbol.dispose]();
    },
  };
}
