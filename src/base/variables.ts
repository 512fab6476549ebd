/** Environment variables that have the prefix of the lab's and are none of them. */
import { didYouMean } from "./suggest.ts";

/** Environment variables by their names. */
export type Variables = Readonly<Record<string, string | undefined>>;

const PREFIX = "WIRELAB_";
/** The variables of compose.yml, which an environment can have for it. */
const OF_COMPOSE = ["WIRELAB_TAG", "WIRELAB_RATE", "WIRELAB_PROTO"] as const;
/** Variables that Kubernetes sets for each service of a namespace, here for one whose name begins with "wirelab". */
const OF_KUBERNETES = /_SERVICE_(HOST|PORT)(_|$)|_PORT_\d+_(TCP|UDP)/;

/** A line for each variable whose name begins with WIRELAB_ and is not `known`; an empty one is unset. */
export function unknownVariables(variables: Variables, known: readonly string[]): readonly string[] {
  const all: readonly string[] = [...known, ...OF_COMPOSE];
  const withoutPrefix = (name: string) => name.slice(PREFIX.length);
  const hint = (name: string) => didYouMean(withoutPrefix(name), known.map(withoutPrefix), PREFIX);
  return Object.entries(variables)
    .filter(([name, value]) => name.startsWith(PREFIX) && value && !all.includes(name))
    .filter(([name, value]) => !OF_KUBERNETES.test(name) && !/^(tcp|udp):\/\//.test(value ?? ""))
    .map(([name]) => `${name}: no such variable, it has no effect${hint(name)}`)
    .sort();
}
