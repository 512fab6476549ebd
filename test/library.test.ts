/**
 * The library in a project of its own: its types under the settings of `bun init` and stricter ones, and its errors. The
 * compilers take 5 s of CPU time, of which most is for the declarations of the language.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, runLoad, startLab, UsageError } from "../src/index.ts";
import { FREE_PORTS } from "./support/lab.ts";

const ROOT = join(import.meta.dir, "..");

/** Uses every export; the lines after `@ts-expect-error` are errors only if the types are there. */
const PROGRAM = `
import { type Config, ConfigError, ImpairmentError, type Lab, type LabOptions, type Limits, ListenError } from "wirelab";
import { type LoadOptions, type LoadRun, parseFaults, parseImpairments, runLoad, type RunReport } from "wirelab";
import { type Snapshot, startLab, UsageError } from "wirelab";
import { RelayError, type RelayFaults, type RelayFlow, type RelayOptions, type RunningRelay, startRelay } from "wirelab";

const limits: Partial<Limits> = { sessions: 8 };
const options: LabOptions = { httpPort: 0, limits, impair: { udp: parseFaults("udp", "drop=0.1") } };
export const seed: Config["seed"] = 1;
await using lab: Lab = await startLab({ ...options, impair: parseImpairments("classroom") });
const load: LoadOptions = { protocol: "udp", target: \`127.0.0.1:\${lab.ports.udp}\`, duration: 1, objectives: ["p99<5ms"] };
const run: LoadRun = runLoad(load);
export const shown: string[] = [];
for await (const snapshot of run) show(snapshot);
const report: RunReport = await run.report;
export const low: number | null = report.loss.low;
const faults: RelayFaults = { up: { drop: 0.1 }, down: { delay: { kind: "fixed", ms: 20 } } };
const relayOptions: RelayOptions = { protocol: "udp", to: lab.ports.udp, faults };
await using relay: RunningRelay = await startRelay(relayOptions);
export const lost: number | undefined = relay.counts.up.drops.drop?.packets;
export const flows: readonly RelayFlow[] = relay.flows();
export const dropped: number | undefined = lab.relays.get("api")?.counts.up.dropped;
export const errors = [ConfigError, ImpairmentError, ListenError, RelayError, UsageError].map((each) => each.name);

function show({ sent, p50 }: Snapshot): void {
  shown.push(sent.toFixed(), p50?.toFixed(3) ?? "");
}
// @ts-expect-error
export const wrong: LoadOptions = { protocol: "icmp" };
// @ts-expect-error
relay.setFaults({ left: { drop: 0.1 } });
// @ts-expect-error
lab.relays.get("api")?.setConnectionFaults();
// @ts-expect-error
export const missing: string = report.loss.lowest;
`;

const RELAY = {
  name: "api",
  protocol: "tcp",
  listen: { host: "127.0.0.1", port: 0 },
  upstream: { host: "db.example", port: 5432 },
} as const;

/** The settings of `bun init`, with all checks that can be turned on. */
const SETTINGS = {
  lib: ["ESNext"],
  target: "ESNext",
  moduleDetection: "force",
  jsx: "react-jsx",
  allowJs: true,
  checkJs: true,
  types: ["bun"],
  allowImportingTsExtensions: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  erasableSyntaxOnly: true,
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noFallthroughCasesInSwitch: true,
  noUncheckedIndexedAccess: true,
  noUncheckedSideEffectImports: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  noPropertyAccessFromIndexSignature: true,
  allowUnreachableCode: false,
  allowUnusedLabels: false,
};

let project: string;
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "wirelab-library-"));
  const modules = join(project, "node_modules");
  // As `bun add FOLDER` installs it: a copy of the package, whose dependencies are beside it.
  await mkdir(join(modules, "wirelab"), { recursive: true });
  for (const name of ["package.json", "src"]) {
    await cp(join(ROOT, name), join(modules, "wirelab", name), { recursive: true });
  }
  await mkdir(join(modules, "@types", "bun"), { recursive: true });
  for (const name of ["bun-types", "undici-types", "@types/node"]) {
    await symlink(join(ROOT, "node_modules", name), join(modules, name));
  }
  await Bun.write(
    join(modules, "@types/bun/package.json"),
    '{"name":"@types/bun","version":"1.0.0","types":"index.d.ts"}',
  );
  await Bun.write(join(modules, "@types/bun/index.d.ts"), '/// <reference types="bun-types" />\n');
  await Bun.write(join(project, "package.json"), '{"name":"project","type":"module","private":true}');
  await Bun.write(join(project, "index.ts"), PROGRAM);
});
afterAll(() => rm(project, { recursive: true }));

const BUNDLER = { module: "Preserve", moduleResolution: "bundler" };
const NODE = { module: "NodeNext", moduleResolution: "nodenext" };
const EMITTING = { ...NODE, allowImportingTsExtensions: false, noEmit: false, declaration: true, outDir: "out" };
/** The declarations of packages are checked too. TypeScript 5 takes 8 s for those of Bun, which the library does not use. */
const CHECKED = { skipLibCheck: false };
const NO_BUN = { ...CHECKED, types: [] };

describe("the types of the library pass the strictest settings", () => {
  test.concurrent.each([
    ["TypeScript 5, bundler", "typescript5", { ...BUNDLER, skipLibCheck: true }],
    ["TypeScript 5, nodenext, libraries checked", "typescript5", { ...NODE, ...NO_BUN }],
    ["TypeScript 7, bundler, libraries checked", "typescript", { ...BUNDLER, ...CHECKED }],
    ["TypeScript 7, nodenext, libraries checked, emitting", "typescript", { ...EMITTING, ...CHECKED }],
  ])(
    "%s",
    async (name, compiler, settings) => {
      const config = join(project, `${name.replaceAll(/\W+/g, "-")}.json`);
      await Bun.write(config, JSON.stringify({ compilerOptions: { ...SETTINGS, ...settings }, files: ["index.ts"] }));
      const tsc = join(ROOT, "node_modules", compiler, "bin", "tsc");
      const child = Bun.spawn([process.execPath, tsc, "--project", config], { stdout: "pipe", stderr: "pipe" });
      const output = await new Response(child.stdout).text();
      expect([output, await child.exited]).toEqual(["", 0]);
    },
    60_000,
  );
});

describe("errors of the library name options", () => {
  test.each([
    [{ duration: -1 }, "duration -1: expected more than 0"],
    [{ timeout: 2, wait: 1 }, "wait 1: expected at least timeout, which is 2 s"],
    [
      { inFlight: 5 },
      "inFlight requires rate max on tcp, udp, websocket or tls; otherwise the connections are the limit",
    ],
    [{ objectives: ["p99"] }, "objectives p99: expected an objective such as p99<5ms, loss<0.1% or rate>=950"],
    [
      { stages: [{ from: 1, to: 1, seconds: 1 }], rate: 1 },
      "stages and rate exclude each other: the stages define the rate",
    ],
    [{ family: 4, target: "[::1]:7000" }, "family 4 and the IPv6 address ::1 exclude each other"],
    [{ size: 10 }, "size 10: expected 44 to 65507"],
  ] as const)("runLoad(%j)", (options, message) => {
    expect(() => runLoad({ protocol: "udp", ...options })).toThrow(new UsageError(message));
  });

  test.each([
    [{ httpPort: 70_000 }, "httpPort 70000: not allowed; allowed: a port from 0 to 65535, 0 for any free one"],
    [{ seed: -1 }, "seed -1: not allowed; allowed: an integer from 0 to 4294967295"],
    [{ token: "short" }, "token (not shown): not allowed; allowed: 8 or more printable characters without a space"],
    [{ host: "a b" }, 'host "a b": not allowed; allowed: an IPv4 or IPv6 address, or a host name'],
    [
      { relays: [{ ...RELAY, name: "a b" }] },
      'relays: "a b": not a name for a relay; allowed: a letter, then up to 62 letters, digits, - and _',
    ],
    [{ relays: [RELAY, RELAY] }, 'relays: "api": two relays have this name; allowed: each name once'],
    [{ relays: [RELAY], relayImpair: { db: "delay=1" } }, 'relays: no relay has the name "db"; allowed: api'],
  ])("startLab(%j)", async (options, message) => {
    await expect(startLab({ ...FREE_PORTS, ...options })).rejects.toThrow(new ConfigError(message));
  });

  test("startLab with faults that are not valid names their field", async () => {
    const options = { ...FREE_PORTS, impair: { udp: { drop: { up: 2, down: 0 } } } };
    await expect(startLab(options)).rejects.toThrow("drop.up is not valid; allowed: a number from 0 to 1");
  });
});
