/** Which of the lab's protocols are on display: the classics at first, the others one click away. The choice is kept. */
import { CLASSICS, isProtocol, type Protocol } from "../../base/protocol.ts";

const KEY = "wirelab-protocols";

/** The protocols on display. */
export interface ShownProtocols {
  /** Those that the lab serves, in the order of the registry. */
  readonly served: readonly Protocol[];
  /** Those of them on display, in the same order. */
  readonly current: readonly Protocol[];
  /** Shows or hides a protocol. */
  set(protocol: Protocol, isShown: boolean): void;
  /** Calls `listener` after each change. */
  onChange(listener: () => void): void;
}

/** The kept choice; the classics if there is none, or if it is not a list. */
function readChoice(storage: Storage): readonly Protocol[] {
  try {
    const names: unknown = JSON.parse(storage.getItem(KEY) ?? "null");
    if (Array.isArray(names)) return names.map(String).filter(isProtocol);
  } catch {
    // Something else wrote it.
  }
  return CLASSICS;
}

/** The protocols on display of a lab that serves `served`. The choice of other labs' protocols stays in `storage`. */
export function createShown(served: readonly Protocol[], storage: Storage): ShownProtocols {
  const listeners: (() => void)[] = [];
  let chosen = readChoice(storage);
  if (!served.some((protocol) => chosen.includes(protocol))) chosen = CLASSICS;
  return {
    served,
    get current() {
      return served.filter((protocol) => chosen.includes(protocol));
    },
    set(protocol, isShown) {
      if (chosen.includes(protocol) === isShown) return;
      chosen = isShown ? [...chosen, protocol] : chosen.filter((other) => other !== protocol);
      storage.setItem(KEY, JSON.stringify(chosen));
      for (const listener of listeners) listener();
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
