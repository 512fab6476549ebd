/** The part "Faults": breaking each protocol, by sliders, by fields and by text. */
import type { Faults } from "../../faults/faults.ts";
import type { Snapshot } from "../../live/shapes.ts";
import { ask } from "../ui/api.ts";
import { button, byId, h } from "../ui/dom.ts";
import { clearErrors, showFieldError, showTextError } from "../ui/field-errors.ts";
import { LOOKS, PROTOCOLS, type Protocol, shapeOf } from "../ui/protocols.ts";
import { listTerms } from "../ui/terms.ts";
import { type AllFaults, createBar } from "./bar.ts";
import { FIELDS } from "./fields.ts";
import { createInjected } from "./injected.ts";
import { textForm } from "./text-form.ts";

/** What `/impairments/{protocol}` answers. */
interface OneFaults {
  readonly text: string;
  readonly faults: Faults;
}

interface FaultColumn {
  readonly protocol: Protocol;
  readonly element: HTMLElement;
  write(faults: Faults, text: string): void;
  snapshot(snapshot: Snapshot): void;
}

function createColumn(protocol: Protocol, changed: () => void): FaultColumn {
  const { name } = LOOKS[protocol];
  const fields = FIELDS[protocol]();
  const path = `/impairments/${protocol}`;
  const injected = createInjected();
  const body = h("div", { class: "fault-fields" }, ...fields.map((field) => field.element));
  const { form, input } = textForm(`Faults of ${name} as text`, (text) =>
    send(
      () => ask<OneFaults>("PUT", path, text || "none"),
      (error) => showTextError(element, input, error),
    ),
  );
  const reset = button(
    "Reset",
    () =>
      send(
        () => ask<OneFaults>("DELETE", path),
        (error) => showFieldError(body, error),
      ),
    {
      class: "quiet",
      "aria-label": `Reset the faults of ${name}`,
    },
  );
  const controls = h("fieldset", { class: "bare", "data-changes": true }, body, form);
  const title = h("h3", { id: `faults-${protocol}` }, shapeOf(LOOKS[protocol]), name);
  const element = h(
    "article",
    { class: "card column", "data-protocol": protocol, "aria-labelledby": `faults-${protocol}` },
    h("header", {}, title, h("fieldset", { class: "bare", "data-changes": true }, reset)),
    controls,
    injected.element,
  );
  let current: Faults = {};

  function write(faults: Faults, text: string): void {
    current = faults;
    clearErrors(element);
    for (const field of fields) field.write(faults);
    input.value = text;
  }

  async function send(request: () => Promise<OneFaults>, fail: (error: unknown) => void): Promise<void> {
    try {
      const answer = await request();
      write(answer.faults, answer.text);
      changed();
    } catch (error) {
      fail(error);
    }
  }

  body.addEventListener("change", () => {
    const faults = Object.assign({}, ...fields.map((field) => field.read()));
    void send(
      () => ask<OneFaults>("PUT", path, faults),
      (error) => showFieldError(body, error),
    );
  });
  return {
    protocol,
    element,
    write,
    snapshot: ({ protocols }) => injected.show(current, protocols[protocol].since),
  };
}

/** The part. `refresh` asks the lab for its faults; `snapshot` shows what they did. */
export function createFaults(): { refresh(): void; snapshot(snapshot: Snapshot): void } {
  let changes = -1;
  const columns = PROTOCOLS.map((protocol) => createColumn(protocol, () => void refresh()));
  byId("fault-columns").replaceChildren(...columns.map(({ element }) => element));
  listTerms("faults-terms", [
    "drop",
    "burst",
    "delay",
    "status",
    "reset",
    "duplicate",
    "reorder",
    "corrupt",
    "injected and measured",
  ]);

  function show(all: AllFaults): void {
    bar.write(all);
    for (const column of columns) column.write(all.impairments[column.protocol], textOf(all.text, column.protocol));
  }

  async function setAll(request: () => Promise<AllFaults>, fail: (error: unknown) => void): Promise<void> {
    await request().then(show, fail);
  }

  async function refresh(): Promise<void> {
    await setAll(
      () => ask<AllFaults>("GET", "/impairments"),
      () => undefined,
    ); // the page says by itself that it is not live
  }

  const bar = createBar(byId("fault-bar"), (request, fail) => void setAll(request, fail));
  return {
    refresh: () => void refresh(),
    snapshot(snapshot) {
      const total = PROTOCOLS.reduce((sum, protocol) => sum + snapshot.protocols[protocol].faults.changes, 0);
      // Somebody else changed them; what is being typed here is left alone.
      if (changes >= 0 && total !== changes && !isTyping()) void refresh();
      if (!isTyping()) changes = total;
      for (const column of columns) column.snapshot(snapshot);
    },
  };
}

function isTyping(): boolean {
  const { activeElement } = document;
  return (
    activeElement instanceof HTMLInputElement &&
    activeElement.type !== "range" &&
    byId("faults").contains(activeElement)
  );
}

/** The part of the whole text that concerns one protocol. */
function textOf(text: string, protocol: Protocol): string {
  const part = text.split(";").find((part) => part.startsWith(`${protocol}:`));
  return part?.slice(protocol.length + 1) ?? "none";
}
