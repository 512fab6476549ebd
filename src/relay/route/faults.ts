/** The faults of relays at the start, by name: `api:delay=20;db:rate=1M`, as those of protocols. */
import type { LinkFaultsByDirection } from "../../faults/link-faults.ts";
import { parseLinkFaults } from "../../faults/link-text.ts";
import { cut, ImpairmentError, quote, split } from "../../faults/pieces.ts";
import { RelayError, type RelayRoute, relayTitle } from "./route.ts";

/** The faults of relays as text, by the name of the relay. */
export type RelayImpairments = Readonly<Record<string, string>>;

/** The form, as errors and help texts show it. */
export const RELAY_IMPAIR_FORM = "NAME:FAULT=VALUE,…;NAME:…";

/** Divides the text at the names; the faults are parsed when their relays are known. Throws ImpairmentError. */
export function parseRelayImpairments(text: string): RelayImpairments {
  const faults = new Map<string, string>();
  for (const piece of split({ text, at: 0 }, ";")) {
    if (piece.text === "") continue;
    const [name, own] = cut(piece, ":");
    if (!own) throw new ImpairmentError(`${quote(piece.text)} has no name of a relay`, piece.at, RELAY_IMPAIR_FORM);
    if (faults.has(name.text))
      throw new ImpairmentError(`${quote(name.text)} is given twice`, name.at, "each relay once");
    faults.set(name.text, own.text);
  }
  return Object.fromEntries(faults);
}

/** The faults of each relay that has some. Throws RelayError for a name without a relay, and for faults that are not valid. */
export function relayFaults(
  routes: readonly RelayRoute[],
  impairments: RelayImpairments,
): ReadonlyMap<string, LinkFaultsByDirection> {
  return new Map(
    Object.entries(impairments).map(([name, text]) => {
      const route = routes.find((route) => route.name === name);
      if (!route) {
        const names = routes.map(({ name }) => name).join(", ") || "none, because there is no relay";
        throw new RelayError(`no relay has the name ${quote(name)}; allowed: ${names}`);
      }
      return [name, faultsOf(route, text)];
    }),
  );
}

/** Parses the faults of one relay. Throws RelayError, which names the relay. */
function faultsOf({ name, protocol }: RelayRoute, text: string): LinkFaultsByDirection {
  try {
    return parseLinkFaults(protocol, text);
  } catch (error) {
    if (!(error instanceof ImpairmentError)) throw error;
    throw new RelayError(`${relayTitle(name)}, ${quote(text)}: ${error.message}`);
  }
}
