/** Light, dark, or as the system says; and the colours in the form that a canvas understands. */
import { byId } from "./dom.ts";

const CHOICES = ["auto", "light", "dark"] as const;
type Choice = (typeof CHOICES)[number];
const KEY = "wirelab-theme";
const LABELS: Readonly<Record<Choice, string>> = { auto: "Auto", light: "Light", dark: "Dark" };

const listeners = new Set<() => void>();
const probe = document.createElement("span");
probe.hidden = true;

/** The colour of a custom property such as `--udp`, resolved for the theme that shows. */
export function color(property: string): string {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(${property})`;
  return getComputedStyle(probe).color;
}

/** Calls `listener` whenever the colours change; the returned function ends that. */
export function onTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function read(): Choice {
  const stored = localStorage.getItem(KEY);
  return CHOICES.find((choice) => choice === stored) ?? "auto";
}

function apply(choice: Choice): void {
  if (choice === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  const button = byId("theme");
  button.textContent = LABELS[choice];
  button.setAttribute("aria-label", `Colours: ${choice === "auto" ? "as the system" : choice}`);
  for (const listener of listeners) listener();
}

/** Makes the button work and keeps up with the system. */
export function startTheme(): void {
  byId("theme").addEventListener("click", () => {
    const next = CHOICES[(CHOICES.indexOf(read()) + 1) % CHOICES.length] ?? "auto";
    localStorage.setItem(KEY, next);
    apply(next);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => apply(read()));
  apply(read());
}
