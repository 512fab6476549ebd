/** Selectors of the page's columns. */

/** The column of a protocol in the section "Now". */
export function nowColumn(protocol: string): string {
  return `#columns [data-protocol=${protocol}]`;
}

/** The column of a protocol in the section "Faults". */
export function faultColumn(protocol: string): string {
  return `#fault-columns [data-protocol=${protocol}]`;
}
