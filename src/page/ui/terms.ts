/** Terms of the glossary on the page: labels that open a definition, and a list of terms below each section. */
import { GLOSSARY, type Term } from "../../base/glossary.ts";
import { byId, h } from "./dom.ts";

/** A label that opens the term's definition in a popover. */
export function term(name: Term, label: string = name): HTMLElement {
  const id = `term-${name.replaceAll(" ", "-")}`;
  const exists = document.getElementById(id) !== null;
  // Only the first label of a term is a tab stop (see setTabStops).
  const trigger = h(
    "button",
    { type: "button", class: "term", popovertarget: id, tabindex: exists ? -1 : undefined },
    label,
  );
  if (!exists) document.body.append(popover(id, name));
  trigger.addEventListener("click", () => place(byId(id), trigger));
  return trigger;
}

/** Terms that texts of protocols contain. */
const PROTOCOL_TERMS = [
  "TLS",
  "QUIC",
  "HTTP/2",
  "HTTP/3",
  "WebSocket",
  "stream",
  "handshake",
] as const satisfies readonly Term[];
/** One of them as a whole word, with its plural. */
const WORDS = new RegExp(`\\b(?:${PROTOCOL_TERMS.map((name) => `${name}s?`).join("|")})(?![\\w/])`, "g");

function termOf(word: string): Term | undefined {
  return PROTOCOL_TERMS.find((name) => name === word || `${name}s` === word);
}

/** The terms in a text about protocols, each once. */
export function termsIn(text: string): readonly Term[] {
  const found = new Set((text.match(WORDS) ?? []).map(termOf));
  return PROTOCOL_TERMS.filter((name) => found.has(name));
}

/** A text about protocols, with a label for each term in it that opens the definition. */
export function withTerms(text: string): readonly (string | HTMLElement)[] {
  const words = text.match(WORDS) ?? [];
  return text.split(WORDS).flatMap((before, i) => {
    const name = termOf(words[i] ?? "");
    return name === undefined ? [before] : [before, term(name, words[i])];
  });
}

/** Makes the first label of each term on the page a tab stop, and only that: the columns repeat the same labels. */
export function setTabStops(): void {
  const seen = new Set<string | null>();
  for (const trigger of document.querySelectorAll<HTMLElement>("button.term")) {
    const id = trigger.getAttribute("popovertarget");
    if (seen.has(id)) trigger.tabIndex = -1;
    else trigger.removeAttribute("tabindex");
    seen.add(id);
  }
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
