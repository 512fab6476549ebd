/** The bar above the fault columns: presets, scenarios, and all faults as one text. */
import type { AllFaults } from "../../api/shapes.ts";
import { callApi } from "../ui/api.ts";
import { button, changing, h, setText } from "../ui/dom.ts";
import { clearErrors, isEdited, showFieldError, showTextError } from "../ui/field-errors.ts";
import { KNOWN_FAULTS } from "./known-faults.ts";
import { createTextForm } from "./text-form.ts";

/** The bar. Which preset is on, and its description, follow from the faults alone. */
export interface FaultBar {
  /** Shows the faults, given as text. */
  write(text: string): void;
  /** Shows the faults, but keeps an input in progress. */
  show(text: string): void;
}

/** Creates the bar in `host`. `onChange` receives the faults after each change. */
export function createBar(host: HTMLElement, onChange: (faults: AllFaults) => void): FaultBar {
  const description = h("p", { class: "note", role: "status" });
  const put = (text: string, onError: (error: unknown) => void) =>
    void callApi<AllFaults>("PUT", "/impairments", text).then(onChange, onError);
  const { form, input } = createTextForm("All faults as text", (text) =>
    put(text, (error) => showTextError(host, input, error)),
  );
  const presets = KNOWN_FAULTS.map((known) => {
    const element = button(known.name, () => put(known.text, (error) => showFieldError(host, error)), {
      "aria-pressed": "false",
    });
    return { ...known, element };
  });
  const group = h(
    "div",
    { class: "presets", role: "group", "aria-label": "Presets" },
    ...presets.map(({ element }) => element),
  );
  host.replaceChildren(changing(group, form), description, hint());
  let written: string | undefined;

  function describe(text: string): void {
    const current = presets.find(({ printed }) => printed === text);
    setText(description, current?.description ?? "");
    for (const preset of presets) preset.element.setAttribute("aria-pressed", String(preset === current));
  }

  function write(text: string): void {
    written = text;
    describe(text);
    clearErrors(host);
    input.value = text;
  }

  return {
    write,
    show(text) {
      if (text === written) return;
      if (isEdited(host)) describe(text);
      else write(text);
    },
  };
}

function hint(): HTMLElement {
  const [variable, flag] = [h("code", {}, "WIRELAB_IMPAIR"), h("code", {}, "--impair")];
  return h("p", { class: "note" }, variable, " and ", flag, " accept the same text.");
}
