/** The dashboard `wirelab`: packets, losses and times as measured by the lab and by the client. */
import { type Dashboard, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as TextBuilder, TextMode } from "@grafana/grafana-foundation-sdk/text";
import { finish, frame } from "./frame.ts";
import { handshakes } from "./handshakes.ts";
import { status } from "./health.ts";
import { clientAndLab, faults } from "./losses.ts";
import type { AnyPanel } from "./parts.ts";
import { relays } from "./relays.ts";
import { packets, responseTimes } from "./traffic.ts";

function help(): AnyPanel {
  return new TextBuilder()
    .title("How to read this page")
    .description("Sources of the numbers, and links.")
    .span(24)
    .height(6)
    .mode(TextMode.Markdown)
    .content(
      [
        "The lab counts the packets that it **receives** and drops; the client counts the packets that it **sends** and loses.",
        "Change the faults on the [live page](http://127.0.0.1:5000/) or through the [API](http://127.0.0.1:5000/swagger). Each change is marked in orange on every panel.",
        "A lab with the `classroom` faults drops 20 % of the packets, twenty times the objective of 1 %, so `WirelabDropBudgetBurn` fires. Set the faults to `none` to end it.",
        "**Protocol** at the top selects the protocols of every panel but those of handshakes. The dashes and shapes of the protocols are those of the live page.",
        "The objectives are in `prometheus.rules.yml`. The packet format is [STAMP, RFC 8762](https://www.rfc-editor.org/rfc/rfc8762).",
      ].join("\n\n"),
    );
}

/** The dashboard `wirelab`. */
export function overview(): Dashboard {
  const dashboard = frame(
    "wirelab",
    "wirelab",
    "Rates, drops and response times of every lab, with the injected faults and the measurements of the client.",
  );
  const rows: readonly (readonly [string, readonly AnyPanel[]])[] = [
    ["Status", status()],
    ["Packets", packets()],
    ["Response times", responseTimes()],
    ["Faults and losses", faults()],
    ["Handshakes", handshakes()],
    ["Client and lab compared", clientAndLab()],
    ["Relays", relays()],
    ["Help", [help()]],
  ];
  for (const [title, panels] of rows) {
    dashboard.withRow(new RowBuilder(title));
    for (const panel of panels) dashboard.withPanel(panel);
  }
  return finish(dashboard);
}
