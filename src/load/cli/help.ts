/** The text of `--help`. */
import { CLASSICS, PROTOCOLS, type Protocol, REGISTRY } from "../../base/protocol.ts";
import { alternatives } from "../plan/values.ts";

const COLUMN = 25;
const WIDTH = 80;

function namesWhere(matches: (entry: (typeof REGISTRY)[Protocol]) => boolean): Protocol[] {
  return PROTOCOLS.filter((protocol) => matches(REGISTRY[protocol]));
}

/** Words as lines in the second column, without an indentation of the first one. */
function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && COLUMN + line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join(`\n${" ".repeat(COLUMN)}`);
}

const LIST = new Intl.ListFormat("en-GB");
const NAMES = PROTOCOLS.join(", ");
const PORTS = PROTOCOLS.map((protocol) => `${protocol} ${REGISTRY[protocol].port}`).join(", ");
const VARIABLES = "WIRELAB_…_PORT";
const WITH_STAMP = LIST.format(namesWhere(({ stamp }) => stamp));
const WITH_URL = alternatives(namesWhere(({ urlSchemes }) => urlSchemes.length > 0));
const WITH_STAMP_CONNECTIONS = alternatives(namesWhere(({ stamp, connections }) => stamp && connections));
const WITH_STREAMS = LIST.format(namesWhere(({ streams }) => streams));
const WITH_REQUESTS = LIST.format(namesWhere(({ requests }) => requests));

/** Usage of the load command: flags, exit statuses, examples. */
export const HELP = `Sends packets to a lab or any other server and reports loss, delay and jitter.

  bun run scripts/load.ts --proto NAME [flags]

Protocols
  --proto NAME           ${wrapped(`${NAMES}; a list such as http,http2,http3, whose runs are made at the same time; all (${CLASSICS.join(", ")}); or everything`)}

Target
  --target HOST[:PORT]   ${wrapped(`or a URL for ${WITH_URL}. Default: the lab on this machine (${PORTS}; or ${VARIABLES}). With several protocols a host, or a port or URL that all of them can have`)}
  --control HOST:PORT    address of the lab's control routes, for its session
                         summary; "none" disables it. Default: port 5000 of the
                         target's host, or WIRELAB_HTTP_PORT of this machine
  --via FAULTS           ${wrapped("sends through a relay with these faults in front of the target, which the run starts, and reports what it did: drop=0.1/0.1, delay=20/20, rate=10M/1M; each protocol has a relay of its own")}
  --via relay:NAME       ${wrapped("sends through this relay of the lab at --control, to what is behind it; --via relay: through the one that listens on the port of --target. --target then gives only the host name and the path of requests and certificates")}
  --mode stamp|plain     ${wrapped(`packet format of ${WITH_STAMP}. stamp (default): numbered test packets of RFC 8762, for reflectors and echo servers. plain: "Hello UDP 7", one packet in flight on each connection, for any server that answers`)}
  -4, -6                 only IPv4 or only IPv6 addresses of the target's name

Certificates of protocols with TLS, and of https:// and wss://
  --ca FILE              certificates in PEM form to trust, in place of those of
                         the runtime. For a lab on this machine its own authority
                         is trusted without it (GET /ca.pem of --control)
  --insecure             accepts any certificate

Load
  --rate N|max           packets a second, independent of the answers (open loop;
                         default 100), or as fast as answers arrive (closed loop)
  --arrival constant|poisson   evenly spaced, or random as from independent users
  --stages LIST          ramps and steps, instead of --rate and --duration:
                         0-1000/30s,1000/1m
  --duration TIME        200ms, 10s (default), 5m, forever
  --count N              most packets to send
  --warmup TIME          sends packets before the measurement starts
  --connections N        ${wrapped(`sockets. Default: 1 for stamp (32 on ${WITH_STAMP_CONNECTIONS} with --rate max), otherwise opened on demand up to 256 (32 with --rate max)`)}
  --streams N            ${wrapped(`most requests in flight on each connection of ${WITH_STREAMS} (32; --connections is by default as many as make 256, or 32 with --rate max)`)}
  --in-flight N          with --rate max: most stamp packets in flight (64)
  --size OCTETS          of a UDP datagram, a packet in a TCP frame or an HTTP
                         body (64)
  --timeout TIME         an answer after this time is late (2s). Connections that
                         are opened at the start have 5s at least
  --wait TIME            a packet without an answer for this long is lost. Default:
                         twice --timeout, and at least 1s after it
  --seed N               repeats a run's random choices
  --repeat N             makes the run N times (2 to 100), one after another, with
                         the seeds --seed, --seed + 1, …; reports each run and the
                         means over the runs, with 95 % intervals from the
                         variation between runs
  --repeat FILE          makes the runs of a --json report again, with the same
                         seeds; other flags replace parts of their plan
  --against HOST[:PORT]  or a URL: with --repeat, makes each run against this target
                         too, in alternating order, and compares both by the
                         differences within the repetitions

Requests (${WITH_REQUESTS})
  --method NAME          default: POST with a body and for / of a lab, GET for any
                         other URL
  --header "NAME: TEXT"  repeatable
  --body TEXT|@FILE      default: JSON of --size octets if the method has a body
  --no-keep-alive        opens a connection for each request; not with streams

Results
  --slo OBJECTIVE        p99<5ms, mean<1ms, loss<0.1%, errors<1%, late<1%,
                         jitter<2ms, rate>=950; repeatable. p50 p90 p95 p99
                         p999 min mean max are response times, percentiles of all
                         packets sent: over the timeout if too many have no
                         answer. jitter is the mean round-trip jitter. If the
                         value has a 95 % confidence interval, all of it has to
                         meet the objective
  --require-valid        exit status 4 instead of 0 or 1 if a run is not valid
  --percentiles LIST     those that the text shows, and the JSON report contains
                         in addition, above 0 to 100 (50,90,95,99,99.9)
  --json FILE|-          the report as JSON. "-" is standard output; the text report
                         then goes to standard error, with --quiet nowhere
  --csv FILE|-           a row for each interval. Its percentiles are over the
                         packets whose outcome became known in it: inf if over
                         the timeout, empty if these are too few. The first
                         column of a repeated run is the number of the run
  --packets FILE         a row for each packet with its fate, times, numbers and
                         octets, and for each answer or error that belongs to
                         no packet; NDJSON if FILE ends in .ndjson or .jsonl,
                         otherwise CSV. scripts/verify.ts recomputes the report
                         from it
  --html FILE            the report with charts, in one file
  --hdr FILE             the response times in HdrHistogram's text format, ms; a
                         file for each protocol and run
  --compare FILE         changes from an earlier --json report, and whether they
                         are significant: better or worse by the variation
                         between runs if both are repeated, else only higher or
                         lower
  --save                 keeps the run, each repetition as one, in the file of
                         WIRELAB_DATA, for the lab's page
  --explain              defines each number, with the values of the (last) run
  --interval TIME        time between two progress lines (1s)
  --metrics-port PORT    serves the run's series for Prometheus during the run
  --metrics-host HOST    address to listen on (127.0.0.1, or WIRELAB_HOST)
  --quiet, -q            no progress view
  --version, -v          the version
  --help, -h             this text

Environment
  COLUMNS                width of the text report if it is not on a terminal (80)
  NO_COLOR, FORCE_COLOR  no colours on a terminal; colours in a pipe

Exit status
  0 done, every objective met · 1 an objective missed in any run · 2 bad usage,
  or a result could not be written · 3 a run could not measure anything · 4 a
  run is not valid, with --require-valid · 130 interrupted: the first Ctrl-C ends
  the run with its report and makes no further ones, the second ends at once

Examples
  bun run scripts/load.ts --proto udp
  bun run scripts/load.ts --proto all --rate 500 --duration 30s --html report.html
  bun run scripts/load.ts --proto http,http2,http3 --duration 30s
  bun run scripts/load.ts --proto http3 --via 'drop=0.1/0.1'
  bun run scripts/load.ts --proto tcp --rate max --connections 8
  bun run scripts/load.ts --proto udp --target 10.0.0.7 --against 10.0.0.8 --repeat 10
  bun run scripts/load.ts --proto udp --stages 0-5k/10s,5k/20s --slo 'p99<2ms' --slo 'loss<0.5%'
  bun run scripts/load.ts --proto https,http2 --target https://10.0.0.7/health --insecure --rate 50
  bun run scripts/load.ts --proto udp --target 10.0.0.7:862 --control none --count 1000 --json run.json
`;
