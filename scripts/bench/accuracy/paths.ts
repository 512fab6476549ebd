/** The paths of the accuracy table: what the lossy link does to packets, and how a load run crosses it. */

/** A mixture of faults of the link. */
export interface Path {
  readonly name: string;
  /** Options of `test/support/link`. */
  readonly link: readonly string[];
}

function path(name: string, link: string): Path {
  return { name, link: link.split(" ") };
}

/** The answer to a packet that the link holds back (`HELD_BACK`) is later than this, every other one earlier; s. */
export const TIMEOUT = 2;
/** A packet without an answer for this long is lost, s. */
export const WAIT = 4;

const HELD_BACK = "--reorder-ms 3000";

/** The mixtures that are measured with a lab as target. */
export const MIXTURES: readonly Path[] = [
  path("loss up", "--loss-up 0.1"),
  path("loss down", "--loss-down 0.1"),
  path("loss up and down", "--loss-up 0.1 --loss-down 0.2"),
  path("bursts", "--burst-up 0.02,0.3 --burst-down 0.02,0.3 --delay-ms 5"),
  path("copies", "--duplicate 0.1 --delay-ms 5 --jitter-ms 4"),
  path("reordering", "--delay-ms 20 --jitter-ms 15"),
  path("copies up, loss down", "--duplicate-up 0.1 --loss-down 0.2"),
  path("late answers", `--reorder-down 0.1 ${HELD_BACK} --loss 0.05`),
  path(
    "all at once",
    `--loss-up 0.05 --loss-down 0.1 --burst-down 0.01,0.4 --duplicate 0.05 --delay-ms 10 --jitter-ms 8 --reorder-down 0.02 ${HELD_BACK}`,
  ),
];

/** The mixtures that are measured with foreign reflectors and senders. */
export const FOREIGN_MIXTURES: readonly Path[] = MIXTURES.filter(({ name }) =>
  ["loss up and down", "copies up, loss down", "all at once"].includes(name),
);
