/** The controls of a relay's faults, closed at first so that its card stays small. */
import { type LinkFaultsByDirection, NO_FAULTS_BY_DIRECTION, type Transport } from "../../faults/link-faults.ts";
import { parseLinkFaults } from "../../faults/link-text.ts";
import { changing, h } from "../ui/dom.ts";
import { createLinkFields, readLinkFields } from "./link-fields.ts";

/** The faults that the lab printed as `text`; none if the lab is newer than the page and has a kind that it does not. */
export function linkFaultsOf(transport: Transport, text: string): LinkFaultsByDirection {
  try {
    return parseLinkFaults(transport, text);
  } catch {
    return NO_FAULTS_BY_DIRECTION;
  }
}

/** The controls. */
export interface LinkControls {
  readonly element: HTMLElement;
  /** Where errors that concern no field are shown. */
  readonly body: HTMLElement;
  write(faults: LinkFaultsByDirection): void;
}

/** Creates the controls of a relay. `onChange` receives all its faults after each change. */
export function createControls(transport: Transport, onChange: (faults: LinkFaultsByDirection) => void): LinkControls {
  const fields = createLinkFields(transport);
  const body = h("div", { class: "link-faults" }, ...fields.map((field) => field.element));
  body.addEventListener("change", () => onChange(readLinkFields(fields)));
  return {
    element: h("details", { class: "learn controlled" }, h("summary", {}, "Fault controls"), changing(body)),
    body,
    write(faults) {
      for (const field of fields) field.write(faults);
    },
  };
}
