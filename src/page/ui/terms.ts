/** Terms of the glossary on the page: labels that open a definition, and a list of terms below each section. */
import { GLOSSARY, type Term } from "../../base/glossary.ts";
import { byId, h } from "./dom.ts";

/** A label that opens the term's definition in a popover. */
export function term(name: Term, label: string = name): HTMLElement {
  const id = `term-${name.replaceAll(" ", "-")}`;
  const exists = document.getElementById(id) !== null;
  // Only the first label of a term is a tab stop: the columns repeat the same labels.
  const trigger = h(
    "button",
    { type: "button", class: "term", popovertarget: id, tabindex: exists ? -1 : undefined },
    label,
  );
  if (!exists) document.body.append(popover(id, name));
  trigger.addEventListener("click", () => place(byId(id), trigger));
  return trigger;
}

function popover(id: string, name: Term): HTMLElement {
  return h("div", { id, popover: "auto", class: "explain" }, h("strong", {}, name), h("p", {}, GLOSSARY[name]));
}

/** Places a popover below its label, inside the window. */
function place(box: HTMLElement, trigger: HTMLElement): void {
  const { left, bottom } = trigger.getBoundingClientRect();
  box.style.left = `${Math.max(12, Math.min(left, innerWidth - 340))}px`;
  box.style.top = `${Math.min(bottom + 6, innerHeight - 160)}px`;
}

/** A collapsed list of definitions, for the end of a section. */
export function termList(names: readonly Term[]): HTMLElement {
  return learnMore("What do these terms mean?", h("div", { class: "terms" }, definitions(names.map(defined))));
}

function defined(name: Term): readonly [term: string, definition: string] {
  return [name, GLOSSARY[name]];
}

/** A collapsed explanation. */
export function learnMore(summary: string, ...content: readonly HTMLElement[]): HTMLElement {
  return h("details", { class: "learn" }, h("summary", {}, summary), ...content);
}

/** A definition list. */
export function definitions(entries: readonly (readonly [term: string, definition: string])[]): HTMLElement {
  return h("dl", {}, ...entries.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text))));
}
