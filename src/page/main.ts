/** The page's entry: loads the history, follows the live stream and passes both to the sections. */
import { messageOf } from "../base/message.ts";
import { protocolsOf } from "../base/protocol.ts";
import type { HistoryDump, LiveSnapshot } from "../live/shapes.ts";
import type { RunState } from "../runs/shapes.ts";
import { createSections, type Sections } from "./sections.ts";
import { callApi } from "./ui/api.ts";
import { byId, setText } from "./ui/dom.ts";
import { clearUnreachable } from "./ui/field-errors.ts";
import { applyProtocolRules } from "./ui/protocols.ts";
import { applyRights } from "./ui/rights.ts";
import { Series } from "./ui/series.ts";
import { LiveClient } from "./ui/stream.ts";
import { startTheme } from "./ui/theme.ts";
import { ago } from "./ui/time.ts";

applyProtocolRules();
/** Created with the first history, which has the protocols that the lab serves. */
let sections: Sections | undefined;
let series: Series | undefined;
let loading: Promise<void> | undefined;
/** Monotonic time of the last snapshot, ms; 0 before the first. */
let lastAt = 0;
let isLive = false;

/** Loads the history: at the start, after a restart of the lab, and after a gap in the stream. */
async function loadHistory(): Promise<void> {
  const dump = await callApi<HistoryDump>("GET", "/history");
  const served = protocolsOf(dump.series);
  sections ??= createSections(served);
  if (sections.served.join() !== served.join()) return location.reload(); // a lab with other protocols has taken its place
  const isSameLab = series?.lab === dump.lab;
  series = new Series(dump);
  setText(byId("about"), `wirelab ${dump.version}`);
  sections.show(series);
  if (!isSameLab) {
    sections.resetPackets(dump.flow);
    refreshRights();
  }
}

function reload(): Promise<void> {
  loading ??= loadHistory()
    .catch((error) => showNotice(`The history could not be loaded: ${messageOf(error)}`))
    .finally(() => {
      loading = undefined;
    });
  return loading;
}

function showSnapshot(snapshot: LiveSnapshot): void {
  lastAt = performance.now();
  if (!sections || series?.lab !== snapshot.lab) {
    void reload(); // the next snapshot is shown
    return;
  }
  sections.snapshot(snapshot);
  if (series.push(snapshot)) sections.show(series);
  else void reload();
}

function showNotice(text: string): void {
  const box = byId("notice");
  box.hidden = text === "";
  setText(box, text);
}

function showState(): void {
  const state = byId("live");
  state.dataset.live = String(isLive);
  document.body.classList.toggle("not-live", !isLive);
  if (isLive) {
    setText(state, "live");
    showNotice("");
  } else if (lastAt === 0) setText(state, "connecting");
  else {
    setText(state, `not live, last update ${ago((performance.now() - lastAt) / 1000)}`);
    showNotice("The lab does not respond. The page shows the last data and continues when the lab responds again.");
  }
}

function refreshRights(): void {
  void applyRights(() => {
    series = undefined; // the history may hold more for a client with the token, such as peers
    void reload();
    sections?.reloadRuns(); // they may hold more, too
    stream.reconnect();
  });
}

startTheme();
const stream = new LiveClient({
  event(name, data) {
    if (name === "snapshot") showSnapshot(JSON.parse(data) as LiveSnapshot); // written by the lab, with these types
    if (name === "run") sections?.run(JSON.parse(data) as RunState);
  },
  state(live) {
    isLive = live;
    if (live) clearUnreachable();
    showState();
  },
});
setInterval(showState, 1000);
refreshRights();
void reload();
