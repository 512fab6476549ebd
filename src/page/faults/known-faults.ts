/** What the page derives from the text of faults: their values, and the preset or scenario that they are. */
import { PROTOCOLS, type Protocol } from "../../base/protocol.ts";
import { type Faults, NO_FAULTS, PRESETS } from "../../faults/faults.ts";
import { printImpairments } from "../../faults/print.ts";
import { parseFaults, parseImpairments } from "../../faults/text.ts";
import { SCENARIOS } from "./scenarios.ts";

/** Faults with a name, for a button. */
export interface KnownFaults {
  readonly name: string;
  /** What `PUT /impairments` accepts. */
  readonly text: string;
  /** The text in the form in which the lab prints these faults. */
  readonly printed: string;
  readonly description: string;
}

function describePreset(name: string): { readonly name: string; readonly text: string; readonly description: string } {
  if (name === "none") return { name: "None", text: name, description: "No faults." };
  return { name, text: name, description: `${name}: a preset of the lab.` };
}

/** The presets of the lab and the scenarios of the page, in the order of their buttons. */
export const KNOWN_FAULTS: readonly KnownFaults[] = [...Object.keys(PRESETS).map(describePreset), ...SCENARIOS].map(
  (known) => ({ ...known, printed: printImpairments(parseImpairments(known.text)) }),
);

/** The faults of all protocols as one text, from the text of each, as the lab prints them. */
export function textOfAll(texts: Readonly<Partial<Record<Protocol, string>>>): string {
  const set = PROTOCOLS.filter((protocol) => (texts[protocol] ?? "none") !== "none");
  return set.map((protocol) => `${protocol}:${texts[protocol]}`).join(";") || "none";
}

/** The faults that the lab printed as `text`; none if the lab is newer than the page and has a kind that it does not. */
export function faultsOf(protocol: Protocol, text: string): Faults {
  try {
    return parseFaults(protocol, text);
  } catch {
    return NO_FAULTS;
  }
}
