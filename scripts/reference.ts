/**
 * Generates docs/reference.md from the tables in the source: `bun scripts/reference.ts`. With `--check` it writes nothing
 * and exits with status 1 if the file differs from the generated text.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PORT_PROTOCOLS, PROTOCOLS, REGISTRY } from "../src/base/protocol.ts";
import { DEFAULT_CONFIG, SETTINGS } from "../src/config.ts";
import { DIRECTIONS_OF, KINDS, KINDS_OF, PRESETS } from "../src/faults/faults.ts";
import { DIRECTIONS_OF_ONE, LINK_KINDS, type LinkKind, nameOf, TRANSPORTS } from "../src/faults/link-faults.ts";
import { LINK_FORMS } from "../src/faults/link-text.ts";
import { printImpairments } from "../src/faults/print.ts";
import { FORMS } from "../src/faults/text.ts";
import { startLab } from "../src/lab.ts";
import { DEFAULT_LIMITS } from "../src/limits.ts";
import { HELP } from "../src/load/cli/help.ts";
import { PACKET_COLUMNS } from "../src/load/report/files/packet-columns.ts";
import { LAB_SERIES, RUN_SERIES, type SeriesTable } from "../src/metrics/catalogue.ts";
import { DROP_REASONS } from "../src/metrics/counters.ts";
import { HELP as RELAY_HELP } from "../src/relay/cli/help.ts";

const FILE = join(import.meta.dir, "..", "docs", "reference.md");

/** A Markdown table; columns are aligned as the formatter of the repository aligns them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const [first = [], ...rest] = cells;
  return [line(first), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rest.map(line)].join("\n");
}

function code(text: string): string {
  return text === "" ? "" : `\`${text}\``;
}

function ports(): string {
  const rows = PROTOCOLS.map((protocol) => {
    const { port, transport, title, packet, example } = REGISTRY[protocol];
    const command = example.replace("HOST", "127.0.0.1").replace("PORT", `${port}`);
    return [`${port}/${transport}`, title, packet, code(command)];
  });
  return table(["default port", "protocol", "a packet is", "send one"], rows);
}

/** The paths of the API description with their summaries. */
async function routes(): Promise<string> {
  await using lab = await startLab(Object.fromEntries(PORT_PROTOCOLS.map((protocol) => [`${protocol}Port`, 0])));
  const response = await fetch(`http://127.0.0.1:${lab.ports.http}/swagger/json`);
  // The description is the lab's own; the test of the API page checks its shape.
  const { paths } = (await response.json()) as {
    paths: Record<string, Record<string, { summary?: string; tags?: string[] }>>;
  };
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary = "", tags = [] }]) => [
      tags.join(),
      code(`${method.toUpperCase()} ${path}`),
      summary,
    ]),
  );
  return table(["group", "route", "what it does"], rows);
}

function faults(): string {
  const rows = KINDS.map((kind) => {
    const protocols = PROTOCOLS.filter((protocol) => KINDS_OF[protocol].includes(kind));
    return [code(kind), protocols.join(", "), DIRECTIONS_OF[kind].join(", "), FORMS[kind]];
  });
  return table(["fault", "protocols", "directions", "value"], rows);
}

/** The faults of relays; the third column says where one value acts. */
function relayFaults(): string {
  const kinds = Object.keys(LINK_FORMS) as LinkKind[]; // a literal's own keys are its type's keys
  const rows = kinds.map((kind) => {
    const on = TRANSPORTS.filter((transport) => LINK_KINDS[transport].some((other) => other === kind));
    return [code(nameOf(kind)), on.join(", "), DIRECTIONS_OF_ONE[kind].join(", "), LINK_FORMS[kind]];
  });
  return table(["fault", "relays", "one value acts", "value"], rows);
}

function presets(): string {
  const rows = Object.entries(PRESETS).map(([name, impairments]) => [code(name), code(printImpairments(impairments))]);
  return table(["preset", "faults"], rows);
}

/** Settings without anything unless they are set. */
const NONE_BY_DEFAULT: ReadonlySet<string> = new Set(["impair", "relays", "relayImpair"]);

function configuration(): string {
  const rows = Object.entries(SETTINGS).map(([key, { variable, flag, help, allowed }]) => {
    const value = DEFAULT_CONFIG[key as keyof typeof SETTINGS]; // a literal's own keys are its type's keys
    const shown = NONE_BY_DEFAULT.has(key)
      ? "none"
      : typeof value === "object" || value === undefined
        ? "unset"
        : `${value}`;
    return [code(variable), code(flag === undefined ? "" : `--${flag}`), code(shown), help, allowed];
  });
  return table(["variable", "flag", "default", "meaning", "allowed"], rows);
}

function limits(): string {
  const rows = Object.entries(DEFAULT_LIMITS).map(([name, value]) => [code(name), value.toLocaleString("en")]);
  return table(["limit", "default"], rows);
}

function series(declared: SeriesTable): string {
  const rows = Object.entries(declared).map(([name, { type, unit, labels, help }]) => {
    return [code(labels.length === 0 ? name : `${name}{${labels.join()}}`), type, unit, help];
  });
  return table(["series", "type", "unit", "meaning"], rows);
}

function reasons(): string {
  const rows = PROTOCOLS.map((protocol) => [protocol, REGISTRY[protocol].rejects.map(code).join(", ")]);
  return table(["protocol", "reasons of `wirelab_rejected_total`"], rows);
}

function packetColumns(): string {
  const forms = { time: "s", whole: "whole number", hex: "hexadecimal", text: "text" };
  return table(
    ["column", "form", "meaning"],
    PACKET_COLUMNS.map(({ name, kind, help }) => [code(name), forms[kind], help]),
  );
}

async function reference(): Promise<string> {
  return `# Reference

Generated from the source by \`bun scripts/reference.ts\`; do not edit.

## Ports

${ports()}

\`WIRELAB_STAMP_PORT\` opens another UDP port for STAMP and TWAMP-Light senders only.

## HTTP routes

The full description with schemas and a form to try each route is at \`/swagger\` on the HTTP port.

${await routes()}

## Faults

${faults()}

The text form is \`PROTOCOL:FAULT=VALUE,FAULT=VALUE;PROTOCOL:…\`. For faults with two directions, \`UP/DOWN\` gives one value for
each; a single value of a loss is upstream, of another fault downstream. On HTTP, \`drop\` and \`burst\` answer with 503 at once; \`close\` and \`stall\` leave a request
without a response.

${presets()}

### Faults of relays

Each has a value for each direction, \`UP/DOWN\`.

${relayFaults()}

## Configuration

A flag overrides its variable. An empty variable counts as unset.

${configuration()}

### Limits

Fixed limits of the process; a library user can set them with \`startLab({ limits })\`. Sizes are in octets, times in the unit
that the name ends with.

${limits()}

## Series of the lab

At \`/metrics\`. Every series exists with the value 0 from the first scrape. The drop ratio is
\`dropped_packets_total / packets_total\`.

${series(LAB_SERIES)}

Reasons of \`wirelab_drops_total\`: ${DROP_REASONS.map(code).join(", ")}.

${reasons()}

## Series of a load run

At \`/metrics\` of \`--metrics-port\` while a run lasts.

${series(RUN_SERIES)}

## Columns of a packets file

Written by \`--packets FILE\` of the load command. Cells without a value are empty.

${packetColumns()}

## The load command

\`\`\`
${HELP.trimEnd()}
\`\`\`

## The relay command

\`\`\`
${RELAY_HELP.trimEnd()}
\`\`\`
`;
}

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const generated = await reference();
const found = (await Bun.file(FILE).exists()) ? await Bun.file(FILE).text() : "";
if (found === generated) console.log("docs/reference.md: up to date");
else if (values.check) {
  console.error("docs/reference.md: differs from the generated text; run bun scripts/reference.ts");
  process.exitCode = 1;
} else {
  await Bun.write(FILE, generated);
  console.log("docs/reference.md: written");
}
