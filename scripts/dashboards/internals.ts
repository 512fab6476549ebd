/** The dashboard `wirelab internals`: what the process itself costs, refuses and bounds. */
import { type Dashboard, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { finish, frame } from "./frame.ts";
import type { AnyPanel } from "./parts.ts";
import { bounds, builds, process } from "./process.ts";
import { refused, throughput } from "./wire.ts";

/** The dashboard `wirelab internals`. */
export function internals(): Dashboard {
  const dashboard = frame(
    "wirelab-internals",
    "wirelab internals",
    "What the labs themselves cost, refuse and bound: bytes, connections, rejected input, event loop, cpu, memory, files and caps.",
  );
  const rows: readonly (readonly [string, readonly AnyPanel[]])[] = [
    ["Throughput and connections", throughput()],
    ["Refused", refused()],
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
