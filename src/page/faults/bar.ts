/** The bar over the faults: presets, scenarios, and all faults as one text. */
import type { Impairments } from "../../faults/faults.ts";
import { ask } from "../ui/api.ts";
import { button, h, setText } from "../ui/dom.ts";
import { clearErrors, showFieldError, showTextError } from "../ui/field-errors.ts";
import { SCENARIOS } from "./scenarios.ts";
import { textForm } from "./text-form.ts";

/** What `/impairments` answers. */
export interface AllFaults {
  readonly text: string;
  readonly impairments: Impairments;
  readonly presets: readonly string[];
}
/** The bar over the columns: presets, scenarios, all faults as one text, and the way back. */
export function createBar(
  host: HTMLElement,
  setAll: (request: () => Promise<AllFaults>, fail: (error: unknown) => void) => void,
) {
  const presets = h("div", { class: "presets", role: "group", "aria-label": "Presets" });
  const story = h("p", { class: "note", role: "status" });
  const { form, input } = textForm("All faults as text", (text) =>
    put(text || "none", (error) => showTextError(host, input, error)),
  );
  const put = (text: string, fail: (error: unknown) => void) =>
    setAll(() => ask<AllFaults>("PUT", "/impairments", text), fail);
  const onPreset = (text: string, about: string) => () => {
    setText(story, about);
    put(text, (error) => showFieldError(host, error));
  };
  const hint = h(
    "p",
    { class: "note" },
    "The same text goes into ",
    h("code", {}, "WIRELAB_IMPAIR"),
    " and ",
    h("code", {}, "--impair"),
    ".",
  );
  host.replaceChildren(h("fieldset", { class: "bare", "data-changes": true }, presets, form), story, hint);
  return {
    write({ text, presets: names }: AllFaults): void {
      clearErrors(host);
      input.value = text;
      if (presets.childElementCount > 0) return;
      const ofLab = names.filter((name) => name !== "none");
      presets.append(
        button("None", onPreset("none", "Nothing is broken.")),
        ...ofLab.map((name) => button(name, onPreset(name, `${name}: a preset of the lab.`))),
        ...SCENARIOS.map(({ name, text, about }) => button(name, onPreset(text, about))),
      );
    },
  };
}
