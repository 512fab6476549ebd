/** Typical networks and services as sets of faults. The numbers are estimates, not measurements. */

/** A named set of faults. */
export interface Scenario {
  readonly name: string;
  /** The faults, in the text form of `PUT /impairments`. */
  readonly text: string;
  readonly description: string;
}

/** Every scenario, in the order of their buttons. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "café Wi-Fi",
    text: "http:delay=normal(30,15);tcp:delay=normal(30,15);udp:drop=0.01/0.01,delay=normal(30,15),reorder=0.01",
    description: "Café Wi-Fi: 30 ms of additional delay with some variation; UDP has 2 % loss and some reordering.",
  },
  {
    name: "train",
    text: "http:delay=pareto(40,2);tcp:delay=pareto(40,2),reset=0.005;udp:burst=gilbert(0.01,0.2)/gilbert(0.01,0.2),delay=pareto(40,2)",
    description:
      "Mobile network on a train: a delay of mostly 40 ms and sometimes a second, losses in bursts, and aborted connections.",
  },
  {
    name: "satellite",
    text: "http:delay=normal(600,20);tcp:delay=normal(600,20);udp:drop=0.005/0.005,delay=normal(600,20)",
    description:
      "Geostationary satellite: little loss, but 600 ms of delay, because the path is 72,000 km long in each direction.",
  },
  {
    name: "failing backend",
    text: "http:delay=pareto(15,1.5),status=503:0.2;tcp:reset=0.1;udp:drop=0/0.1,corrupt=0.05,duplicate=0.05",
    description:
      "Failing backend: HTTP responses with status 503, aborted TCP connections, and corrupt, duplicate or missing UDP answers.",
  },
];
