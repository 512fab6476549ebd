/** Reads which protocols a run, or several runs at the same time, are to send. */
import { CLASSICS, PROTOCOLS, type Protocol } from "../../base/protocol.ts";
import { parseWord } from "./values.ts";

/** Names that stand for several protocols. */
export const GROUPS = { all: CLASSICS, everything: PROTOCOLS } as const satisfies Readonly<
  Record<string, readonly Protocol[]>
>;

const NAMES = [...PROTOCOLS, "all", "everything"] as const;

/**
 * The protocols of a text such as `udp`, `http,http2` or `all`, each once, in the order of the registry. Throws a
 * UsageError for any other name.
 */
export function parseProtocols(text: string): readonly Protocol[] {
  const given = text.split(",").map((name) => parseWord("proto", name.trim(), NAMES));
  const chosen = new Set<Protocol>();
  for (const name of given) {
    const several = name === "all" || name === "everything" ? GROUPS[name] : [name];
    for (const protocol of several) chosen.add(protocol);
  }
  return PROTOCOLS.filter((protocol) => chosen.has(protocol));
}
