import { scrape, type Target } from "../../support/scrape.ts";

/** The resident memory of a lab's process, in octets. */
export async function residentBytes(target: Target): Promise<number> {
  return (await scrape(target)).get("process_resident_memory_bytes");
}
