/** The bar above the fault columns: presets, scenarios, and all faults as one text. */
import type { AllFaults } from "../../api/shapes.ts";
import { callApi } from "../ui/api.ts";
import { button, changing, h, setText } from "../ui/dom.ts";
import { clearErrors, showFieldError, showTextError } from "../ui/field-errors.ts";
import { SCENARIOS } from "./scenarios.ts";
import { createTextForm } from "./text-form.ts";

/** The bar. `write` shows the current faults and, once, a button for each preset of the lab. */
export interface FaultBar {
  write(faults: AllFaults): void;
}

/** Creates the bar in `host`. `onChange` receives the faults after each change. */
export function createBar(host: HTMLElement, onChange: (faults: AllFaults) => void): FaultBar {
  const presets = h("div", { class: "presets", role: "group", "aria-label": "Presets" });
  const description = h("p", { class: "note", role: "status" });
  const put = (text: string, onError: (error: unknown) => void) =>
    void callApi<AllFaults>("PUT", "/impairments", text).then(onChange, onError);
  const { form, input } = createTextForm("All faults as text", (text) =>
    put(text, (error) => showTextError(host, input, error)),
  );
  const presetButton = (name: string, text: string, about: string) =>
    button(name, () => {
      setText(description, about);
      put(text, (error) => showFieldError(host, error));
    });
  host.replaceChildren(changing(presets, form), description, hint());
  return {
    write({ text, presets: names }) {
      clearErrors(host);
      input.value = text;
      if (presets.childElementCount > 0) return;
      presets.append(
        presetButton("None", "none", "No faults."),
        ...names
          .filter((name) => name !== "none")
          .map((name) => presetButton(name, name, `${name}: a preset of the lab.`)),
        ...SCENARIOS.map(({ name, text, description }) => presetButton(name, text, description)),
      );
    },
  };
}

function hint(): HTMLElement {
  const [variable, flag] = [h("code", {}, "WIRELAB_IMPAIR"), h("code", {}, "--impair")];
  return h("p", { class: "note" }, variable, " and ", flag, " accept the same text.");
}
