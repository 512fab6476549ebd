/** Networks that people meet, as faults. The numbers are typical, not measured. */

/** A named set of faults. */
export interface Scenario {
  readonly name: string;
  /** As PUT /impairments takes it. */
  readonly text: string;
  readonly about: string;
}

/** In the order of their buttons. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "café Wi-Fi",
    text: "http:delay=normal(30,15);tcp:delay=normal(30,15);udp:drop=0.01/0.01,delay=normal(30,15),reorder=0.01",
    about: "Café Wi-Fi: 30 ms more, with some spread; UDP loses one in fifty and sometimes the order.",
  },
  {
    name: "train",
    text: "http:delay=pareto(40,2);tcp:delay=pareto(40,2),reset=0.005;udp:burst=gilbert(0.01,0.2)/gilbert(0.01,0.2),delay=pareto(40,2)",
    about: "Mobile on a train: mostly 40 ms, at times a second; losses come in bursts, connections break.",
  },
  {
    name: "satellite",
    text: "http:delay=normal(600,20);tcp:delay=normal(600,20);udp:drop=0.005/0.005,delay=normal(600,20)",
    about: "Satellite: little is lost, but every answer has 72,000 km behind it.",
  },
  {
    name: "failing backend",
    text: "http:delay=pareto(15,1.5),status=503:0.2;tcp:reset=0.1;udp:drop=0/0.1,corrupt=0.05,duplicate=0.05",
    about: "A failing backend: HTTP says 503, TCP hangs up, UDP answers wrongly, twice, or not at all.",
  },
];
