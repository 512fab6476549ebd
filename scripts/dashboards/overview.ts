/** The dashboard `wirelab`: what the wire did to the packets, as the lab and as the client saw it. */
import { type Dashboard, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as TextBuilder, TextMode } from "@grafana/grafana-foundation-sdk/text";
import { finish, frame } from "./frame.ts";
import { whatIsUp } from "./health.ts";
import { bothEnds, faults } from "./losses.ts";
import type { AnyPanel } from "./parts.ts";
import { packets, responseTimes } from "./traffic.ts";

function reading(): AnyPanel {
  return new TextBuilder()
    .title("How to read this page")
    .description("Where the numbers come from, and where to go on.")
    .span(24)
    .height(6)
    .mode(TextMode.Markdown)
    .content(
      [
        "The lab counts what it **receives** and drops; the client counts what it **sends** and loses. Both views stand side by side.",
        "Change the faults on the [live page](http://127.0.0.1:5000/) or through the [API](http://127.0.0.1:5000/swagger): each change is an orange mark on every panel.",
        "A `classroom` lab drops one packet in five, twenty times the objective of 1 %, so `WirelabDropBudgetBurn` fires; set the faults to none and watch it end.",
        "Objectives are recorded series in `prometheus.rules.yml`; the packet format is [STAMP, RFC 8762](https://www.rfc-editor.org/rfc/rfc8762).",
      ].join("\n\n"),
    );
}

/** The dashboard `wirelab`. */
export function overview(): Dashboard {
  const dashboard = frame(
    "wirelab",
    "wirelab",
    "What the wire did to the packets: rates, drops and response times of every lab, with the faults that were injected and the client's own view.",
  );
  const rows: readonly (readonly [string, readonly AnyPanel[]])[] = [
    ["What is up", whatIsUp()],
    ["Packets", packets()],
    ["Response times", responseTimes()],
    ["Faults and losses", faults()],
    ["The client beside the lab", bothEnds()],
    ["Reading", [reading()]],
  ];
  for (const [title, panels] of rows) {
    dashboard.withRow(new RowBuilder(title));
    for (const panel of panels) dashboard.withPanel(panel);
  }
  return finish(dashboard);
}
