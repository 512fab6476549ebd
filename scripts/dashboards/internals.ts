/** The dashboard `wirelab internals`: throughput, rejected input, resources and bounds of the processes. */
import { type Dashboard, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { finish, frame } from "./frame.ts";
import type { AnyPanel } from "./parts.ts";
import { bounds, builds, process } from "./process.ts";
import { rejected, throughput } from "./wire.ts";

/** The dashboard `wirelab internals`. */
export function internals(): Dashboard {
  const dashboard = frame(
    "wirelab-internals",
    "wirelab internals",
    "Throughput, rejected input and resources of the labs: bytes, connections, event loop, CPU, memory, open files and bounded structures.",
  );
  const rows: readonly (readonly [string, readonly AnyPanel[]])[] = [
    ["Throughput and connections", throughput()],
    ["Rejected input", rejected()],
    ["Process", process()],
    ["Bounds", bounds()],
    ["Builds", [builds()]],
  ];
  for (const [title, panels] of rows) {
    dashboard.withRow(new RowBuilder(title));
    for (const panel of panels) dashboard.withPanel(panel);
  }
  return finish(dashboard);
}
