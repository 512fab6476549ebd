/** What `--help` prints. */

/** The usage of the load command: every flag, the exit statuses, examples. */
export const HELP = `Sends packets to a lab or any other server, and tells the truth about what came back.

  bun run scripts/load.ts --proto udp|tcp|http|all [flags]

Where to
  --target HOST[:PORT]   or a URL for http. Default: the lab on this machine
                         (udp 7000, tcp 6000, http 5000)
  --control HOST:PORT    where the lab's control routes are, for its session
                         summary; "none" asks nobody. Default: port 5000 of the
                         target's host
  --mode stamp|plain     what udp and tcp packets are. stamp (default): numbered
                         test packets of RFC 8762; answers of a reflector or of
                         an echo are both understood. plain: "Hello UDP 7", one
                         at a time on each connection

How much
  --rate N|max           packets a second by the clock, whatever comes back (open
                         loop; default 100), or as fast as answers come (closed)
  --duration TIME        200ms, 10s (default), 5m, forever
  --count N              at most so many packets
  --connections N        sockets at once. Default: 1 for stamp (32 on tcp with
                         --rate max), else as many as needed up to 256
  --in-flight N          with --rate max: stamp packets on their way at once (64)
  --size OCTETS          of a UDP datagram, a TCP frame's packet or an HTTP body (64)
  --timeout TIME         an answer after this is late, none until then a loss (2s)
  --seed N               repeats a run's random choices

What comes out
  --json FILE|-          the report as JSON ("-": on standard output, alone)
  --quiet, -q            no live progress

Exit status
  0 done · 1 an objective missed · 2 bad usage · 3 nothing could be measured
  130 interrupted: Ctrl-C reports what ran; twice ends at once

Examples
  bun run scripts/load.ts --proto udp
  bun run scripts/load.ts --proto all --rate 500 --duration 30s
  bun run scripts/load.ts --proto tcp --rate max --connections 8
  bun run scripts/load.ts --proto http --target http://10.0.0.7:8080/health --rate 50
  bun run scripts/load.ts --proto udp --target 10.0.0.7:862 --control none --count 1000 --json run.json
`;
