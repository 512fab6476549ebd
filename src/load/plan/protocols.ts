/** Reads which protocols a run, or several runs at the same time, are to send, and whether they can have one target. */
import { CLASSICS, PROTOCOLS, type Protocol, REGISTRY } from "../../base/protocol.ts";
import { UsageError } from "./errors.ts";
import { parseTarget } from "./target.ts";
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

/**
 * Whether two protocols can be served on ports of the same number: on different transports, by one HTTP server (whose
 * versions TLS negotiates), or because one is part of the other.
 */
function sharePort(one: Protocol, other: Protocol): boolean {
  const [first, second] = [REGISTRY[one], REGISTRY[other]];
  if (first.transport !== second.transport) return true;
  if (first.requests && second.requests) return first.secure === second.secure;
  return ("portOf" in first && first.portOf === other) || ("portOf" in second && second.portOf === one);
}

/**
 * Checks the target of a flag for all protocols of a command. Several protocols have a host with the port of each, or a port
 * or URL that all of them can have. Throws a UsageError of one line.
 */
export function checkTarget(flag: "target" | "against", text: string, protocols: readonly Protocol[]): void {
  const targets = protocols.map((protocol) => {
    try {
      return parseTarget(text, protocol);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const several = protocols.length > 1 && text.includes("/") ? "; with several protocols give the host alone" : "";
      throw new UsageError(`${error.message.replace("--target", `--${flag}`)}${several}`);
    }
  });
  // Without a port in the text, each protocol has its own default port. All have that of a URL.
  if (text.includes("://") || targets.some(({ port }) => port !== targets[0]?.port)) return;
  for (const [index, one] of protocols.entries()) {
    const other = protocols.slice(index + 1).find((protocol) => !sharePort(one, protocol));
    if (other === undefined) continue;
    throw new UsageError(
      `--${flag} ${text}: ${one} and ${other} do not share a port; give the host alone, for the port of each protocol`,
    );
  }
}
