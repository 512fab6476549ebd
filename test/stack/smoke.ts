/**
 * The container test: builds the image and runs the compose stack, `bun test/stack/smoke.ts`.
 * Requires a Docker engine. Without one it prints that it is skipped and exits with 0.
 */

import { engines } from "../../package.json";
import { signalHandler } from "../../src/base/signals.ts";
import { ROOT, readYaml, text, tree } from "./files.ts";
import { findEngine } from "./smoke/engine.ts";
import { checkImage } from "./smoke/image.ts";
import { Report } from "./smoke/report.ts";
import { checkStack } from "./smoke/scenes.ts";
import { Stack } from "./smoke/stack.ts";

/** The default image of a service in compose.yml. */
async function defaultImage(service: string): Promise<string> {
  const { services } = await readYaml("compose.yml");
  return text(tree(tree(services)[service]).image).replace(/\$\{\w+:-(.*?)\}/, "$1");
}

const startedAt = performance.now();
const images = [`oven/bun:${engines.bun}-slim`, await defaultImage("prometheus")];
await using engine = await findEngine(ROOT, images);
if (engine === undefined) {
  console.warn("SKIPPED: the container test: no Docker engine");
} else {
  const report = new Report();
  const project = `wirelab-smoke-${process.pid}`;
  const commit = `smoke.${process.pid}`;
  const stack = new Stack(engine, project, commit);
  report.figure("engine", `${engine.name}, ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  const removeAll = async () => {
    await stack.compose(["down", "--volumes", "--timeout", "2"]);
    await stack.shell.run("docker", "image", "rm", "--force", `wirelab:${project}`);
  };
  const interrupted = async () => {
    await removeAll();
    await engine[Symbol.asyncDispose]();
    process.exit(130);
  };
  const handler = signalHandler(
    () => void interrupted(),
    () => process.exit(130),
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, handler);
  try {
    await report.check("the image is built", async () => {
      const before = performance.now();
      await stack.must("build", "lab");
      report.figure("build", `${((performance.now() - before) / 1000).toFixed(1)} s`);
    });
    await checkImage(stack, report, `wirelab:${project}`, commit);
    await checkStack(stack, report, commit);
  } finally {
    await removeAll();
  }
  process.exitCode = report.close();
}
