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
                         at a time on each connection, answered by anything
  -4, -6                 only IPv4, only IPv6 addresses of the target's name

How much
  --rate N|max           packets a second by the clock, whatever comes back (open
                         loop; default 100), or as fast as answers come (closed)
  --arrival constant|poisson   evenly spaced, or as independent users come
  --stages LIST          ramps and steps in place of --rate and --duration:
                         0-1000/30s,1000/1m
  --duration TIME        200ms, 10s (default), 5m, forever
  --count N              at most so many packets
  --warmup TIME          before what counts
  --connections N        sockets at once. Default: 1 for stamp (32 on tcp with
                         --rate max), else as many as needed up to 256
  --in-flight N          with --rate max: stamp packets on their way at once (64)
  --size OCTETS          of a UDP datagram, a TCP frame's packet or an HTTP body (64)
  --timeout TIME         an answer after this is late, none until then a loss (2s)
  --seed N               repeats a run's random choices

HTTP
  --method NAME          default: POST to /, GET of any other path
  --header "NAME: TEXT"  may be repeated
  --body TEXT|@FILE      default: JSON of --size octets where the method has a body
  --insecure             takes any TLS certificate
  --no-keep-alive        a connection for each request

What comes out
  --slo OBJECTIVE        p99<5ms, mean<1ms, loss<0.1%, errors<1%, late<1%,
                         jitter<2ms, rate>=950; may be repeated. p50 p90 p99 p999
                         min mean max are response times. Met only if the edge of
                         the value's 95 % interval meets it: a short run proves
                         little
  --json FILE|-          the report as JSON ("-": on standard output, alone)
  --csv FILE             a row for each interval
  --html FILE            the report with charts, in one file
  --hdr FILE             the response times in HdrHistogram's text form, ms
  --compare FILE         what changed since an earlier --json, and whether by more
                         than noise
  --save                 kept in the file of WIRELAB_DATA, for the lab's page
  --explain              what each number means, with this run's numbers
  --interval TIME        between two lines of progress (1s)
  --metrics-port PORT    serves the run's own series for Prometheus while it lasts
  --metrics-host HOST    on this address (127.0.0.1, or WIRELAB_HOST)
  --quiet, -q            no live progress

Exit status
  0 done, every objective met · 1 an objective missed · 2 bad usage, or a result
  could not be written · 3 nothing could be measured · 130 interrupted: Ctrl-C
  reports what ran, twice ends at once

Examples
  bun run scripts/load.ts --proto udp
  bun run scripts/load.ts --proto all --rate 500 --duration 30s --html report.html
  bun run scripts/load.ts --proto tcp --rate max --connections 8
  bun run scripts/load.ts --proto udp --stages 0-5k/10s,5k/20s --slo 'p99<2ms' --slo 'loss<0.5%'
  bun run scripts/load.ts --proto http --target https://10.0.0.7/health --insecure --rate 50
  bun run scripts/load.ts --proto udp --target 10.0.0.7:862 --control none --count 1000 --json run.json
`;
