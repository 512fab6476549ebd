/** The page's entry: loads the history, follows the live stream and passes both to the sections. */
import { messageOf } from "../base/message.ts";
import type { HistoryDump, LiveSnapshot } from "../live/shapes.ts";
import type { RunState } from "../runs/shapes.ts";
import { createFaults } from "./faults/faults.ts";
import { createLoad } from "./load/load.ts";
import { createFirstSteps } from "./now/first-steps.ts";
import { createNow } from "./now/now.ts";
import { createPackets } from "./packets/packets.ts";
import { createRuns } from "./runs/runs.ts";
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
const now = createNow();
const faults = createFaults();
const packets = createPackets();
const load = createLoad();
const runs = createRuns(load.setBounds);
const firstSteps = createFirstSteps(load.start);
let series: Series | undefined;
let loading: Promise<void> | undefined;
/** Monotonic time of the last snapshot, ms; 0 before the first. */
let lastAt = 0;
let isLive = false;

/** Loads the history: at the start, after a restart of the lab, and after a gap in the stream. */
async function loadHistory(): Promise<void> {
  const dump = await callApi<HistoryDump>("GET", "/history");
  const isSameLab = series?.lab === dump.lab;
  series = new Series(dump);
  setText(byId("about"), `wirelab ${dump.version}`);
  now.show(series);
  if (!isSameLab) {
    packets.reset(dump.flow);
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
  now.snapshot(snapshot);
  firstSteps.snapshot(snapshot);
  faults.snapshot(snapshot);
  packets.add(snapshot.flow);
  load.snapshot(snapshot);
  runs.snapshot(snapshot);
  if (series?.push(snapshot)) now.show(series);
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
    runs.reload(); // it may hold more, too
    stream.reconnect();
  });
}

startTheme();
const stream = new LiveClient({
  event(name, data) {
    if (name === "snapshot") showSnapshot(JSON.parse(data) as LiveSnapshot); // written by the lab, with these types
    if (name === "run") load.event(JSON.parse(data) as RunState);
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
