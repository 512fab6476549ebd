/** The colour scheme (light, dark or the system's), and colours in a form that a canvas accepts. */
import { byId } from "./dom.ts";

const CHOICES = ["auto", "light", "dark"] as const;
type Choice = (typeof CHOICES)[number];
const KEY = "wirelab-theme";
const LABELS: Readonly<Record<Choice, string>> = { auto: "Auto", light: "Light", dark: "Dark" };

const listeners = new Set<() => void>();
let probe: HTMLElement | undefined;

/** The colour of a custom property such as `--udp`, resolved for the current colour scheme. */
export function color(property: string): string {
  if (!probe) {
    probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(${property})`;
  return getComputedStyle(probe).color;
}

/** Calls `listener` on each change of the colour scheme; the returned function unsubscribes it. */
export function onTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function readChoice(): Choice {
  const stored = localStorage.getItem(KEY);
  return CHOICES.find((choice) => choice === stored) ?? "auto";
}

function apply(choice: Choice): void {
  if (choice === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  const button = byId("theme");
  button.textContent = LABELS[choice];
  button.setAttribute("aria-label", `Colour scheme: ${LABELS[choice]}`);
  for (const listener of listeners) listener();
}

/** Applies the stored choice and follows the button and the system. */
export function startTheme(): void {
  byId("theme").addEventListener("click", () => {
    const next = CHOICES[(CHOICES.indexOf(readChoice()) + 1) % CHOICES.length] ?? "auto";
    localStorage.setItem(KEY, next);
    apply(next);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => apply(readChoice()));
  apply(readChoice());
}
