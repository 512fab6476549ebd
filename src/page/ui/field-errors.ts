/** Shows API errors at the form field, or at the character of a text, that they concern. */
import { messageOf } from "../../base/message.ts";
import { ApiError } from "./api.ts";
import { inDisplayedUnit } from "./displayed-range.ts";
import { h } from "./dom.ts";

/** Removes every error in `host`. */
export function clearErrors(host: HTMLElement): void {
  for (const error of host.querySelectorAll(".error")) error.remove();
  for (const field of host.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
}

/** Whether `host` has an input in progress, or one that the lab refused: both are kept. */
export function isEdited(host: HTMLElement): boolean {
  const { activeElement } = document;
  const isTyping = activeElement instanceof HTMLInputElement && activeElement.type !== "range";
  return (isTyping && host.contains(activeElement)) || host.querySelector("[aria-invalid]") !== null;
}

let ids = 0;

function attach(field: HTMLElement, text: string, after: Element): void {
  const id = `error-${++ids}`;
  field.closest("details")?.setAttribute("open", "");
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", id);
  after.after(h("p", { class: "error", id, role: "alert" }, text));
}

/** The field with `path` (such as `drop.up`), or the first field of the group that `path` names. */
function fieldAt(host: HTMLElement, path: string): HTMLElement | undefined {
  const fields = [...host.querySelectorAll<HTMLElement>(":is(input:not([type=range]), select)[data-path]")];
  const at = (field: HTMLElement) => field.dataset.path ?? "";
  const isPart = (part: string, whole: string) => part.startsWith(`${whole}.`);
  return (
    fields.find((field) => at(field) === path) ??
    fields.find((field) => isPart(at(field), path) || isPart(path, at(field)))
  );
}

function inUnitOf({ dataset: { scale, unit } }: HTMLElement, text: string): string {
  return inDisplayedUnit(text, Number(scale ?? 1), unit ?? "");
}

/** The statuses of errors that can concern a field: an invalid value, and a target that is not allowed. */
const OF_FIELDS: readonly number[] = [400, 403];

/** Shows an error of a JSON body at the field that its message starts with, otherwise at the end of `host`. */
export function showFieldError(host: HTMLElement, error: unknown): void {
  clearErrors(host);
  const text = messageOf(error);
  const path = /^[\w.]+/.exec(text)?.[0] ?? "";
  const field = error instanceof ApiError && OF_FIELDS.includes(error.status) ? fieldAt(host, path) : undefined;
  if (field) attach(field, inUnitOf(field, text), field.closest(".control, .fault") ?? field);
  else host.append(h("p", { class: "error", role: "alert", "data-unreachable": isUnreachable(error) }, text));
}

function isUnreachable(error: unknown): boolean {
  return error instanceof ApiError && error.status === 0;
}

/** Removes the errors of requests that did not reach the lab, for when it can be reached again. */
export function clearUnreachable(): void {
  for (const error of document.querySelectorAll(".error[data-unreachable]")) error.remove();
}

/**
 * Shows an error of a text form below it and selects the invalid part of the text.
 * @param from where the sent part of the text begins
 */
export function showTextError(host: HTMLElement, input: HTMLInputElement, error: unknown, from = 0): void {
  clearErrors(host);
  attach(input, messageOf(error), input.closest(".text-form") ?? input);
  if (!(error instanceof ApiError) || error.position === undefined) return;
  const at = from + error.position;
  const length = /^[^,;=:]*/.exec(input.value.slice(at))?.[0].length ?? 0;
  input.focus();
  input.setSelectionRange(at, at + Math.max(1, length));
}
