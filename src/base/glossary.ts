/**
 * The glossary: one definition of each term, with the RFC where there is one. The page shows it in popovers and lists;
 * the load command's `--explain` prints it together with the run's own numbers.
 */
import { PROTOCOLS, REGISTRY } from "./protocol.ts";

const PACKETS = PROTOCOLS.map((protocol) => `${REGISTRY[protocol].title}: ${REGISTRY[protocol].packet}`).join("; ");

/** Every definition by its term. */
export const GLOSSARY = {
  // Traffic of the lab
  packet: `The unit that the lab counts. ${PACKETS}. Requests for the page, metrics and control routes are not packets.`,
  "packets per second": "Packets that the lab received in the last second, answered or not.",
  "drop ratio":
    "Packets without an answer divided by packets received, whatever the reason. 20 % means that one packet in five got no answer. On a real network, users notice a loss of 1 %.",
  "lab response time":
    "Time from when the lab has received a packet until it hands the answer to the operating system, injected delay downstream included. A delay upstream ends before. Network time is not included; a load run measures it.",
  average:
    "The sum of all response times divided by their number. A few slow answers raise it, and it does not show how many there are.",
  percentile:
    "pN is the time that N % of the answers did not exceed. The lab interpolates it within histogram buckets, so it is approximate; a load run computes it from a histogram with 3 significant digits, over all packets sent: one without a valid answer within the timeout counts as infinitely slow (RFC 7679 section 4), so a percentile among them is “>” the timeout. Its 95 % interval holds for times that depend on each other, and is left out where they are too few, too dependent or too heavy-tailed for one.",
  p50: "The median: half of the answers took at most this long.",
  p99: "99 % of the answers took at most this long. Users notice the slowest 1 %, because one web page makes many requests.",
  connections: "Connections that are open now. A connectionless protocol has none. HTTP includes those of the page.",
  bytes: "Payload octets per second: “in” counts packets received, “out” answers sent. Headers are not counted.",
  TLS: "Transport Layer Security (RFC 8446): encrypts a TCP connection after a handshake. “HTTPS” is HTTP over it.",
  QUIC: "A transport protocol over UDP (RFC 9000): encrypted, with many independent streams on one connection. A lost datagram holds up only the streams whose data it carried.",
  handshake:
    "Messages at the start of a secure connection: both sides agree on keys, and the client checks the server's certificate. TLS 1.3 needs one round trip after that of TCP; QUIC needs one for both.",
  stream:
    "A sequence of bytes in order. TCP has one in each direction of a connection; HTTP/2 and QUIC have many on one connection, one for each request.",
  "HTTP/2":
    "A version of HTTP (RFC 9113) that sends many requests at a time over one TCP connection, each on a stream of its own. A lost TCP segment holds up all of them.",
  "HTTP/3":
    "A version of HTTP (RFC 9114) over QUIC instead of TCP: a lost datagram does not hold up the other requests.",
  WebSocket:
    "A protocol (RFC 6455) that begins as an HTTP request and then sends messages in both directions over that connection.",
  peer: "The address and port that sent the packet. It is hidden from viewers without the right to change the lab.",
  outcome:
    "“answered”, or the reason why there was no answer. “fault-up” and “fault-down” are losses that the lab injected.",
  sample:
    "The lab records a limited number of packets per second for this list and only counts the rest, so that the list does not slow down the traffic.",

  // Faults
  drop: "Losses with this probability. Up (upstream): the lab discards the packet before it handles it. Down (downstream): the lab handles the packet and discards the answer. A lost UDP datagram gets no answer, a TCP connection is closed. HTTP does not fall silent: the request gets status 503 at once, so that a client counts it without waiting. To an HTTP client, loss on a real network looks like “close” or “stall”.",
  close:
    "The connection ends without a response (TCP FIN), as when a server or a proxy fails. Up (upstream): the lab discards the request before it handles it. Down (downstream): the lab handles the request and discards the response. Many clients send the request once more if it was not the first on its connection; both count.",
  stall:
    "There is never a response, and the connection stays open until the client gives up, as when a packet is lost for good. Up (upstream): the lab discards the request before it handles it. Down (downstream): the lab handles the request and discards the response.",
  burst:
    "Losses in bursts (loss episodes, RFC 6534), from Gilbert's two-state model: in the bad state every packet is lost, in the same way as by drop. “Starts” is the probability per packet of entering the bad state, “ends” that of leaving it. The mean burst is 1 ÷ ends packets long.",
  delay:
    "Up (upstream): the packet is delayed on its way to the lab, before it counts as received. Down (downstream): the answer is delayed. Fixed: always by the same time. Uniform: by any time in a range. Normal: a bell curve. Pareto: at least min, mostly short and sometimes very long, as in real queues; with a smaller shape more of them are long.",
  duplicate:
    "Up (upstream): the packet arrives twice, and each copy has an answer of its own. Down (downstream): the answer is sent twice. Both happen when a network duplicates a packet (RFC 5560).",
  reorder:
    "Up (upstream): the packet is held back until the next one of the same peer has arrived. Down (downstream): the answer is held back until the next answer to the same peer has been sent (RFC 4737).",
  corrupt:
    "One bit is inverted: up (upstream) of what the answer repeats of the packet, down (downstream) of the answer. Through a relay it is a bit of the datagram.",
  reset:
    "The connection is aborted instead of an answer: with a TCP RST (RFC 9293) on TCP and TLS, without a close frame on WebSocket.",
  status: "The response has an error status instead of the real one, such as 503 Service Unavailable (RFC 9110).",
  relay:
    "A port that forwards to a service, with faults on the way there (up) and back (down). What came in equals what went out plus what was lost plus what waits, to the octet. Beside a load run (--via) its counts are those from the first packet of the measurement to the end. On UDP each packet is one datagram, so that its drops are losses of packets; HTTP/3 repairs them.",
  "relay loss":
    "On UDP packets, on TCP octets that the relay lost, divided by those that came in: by a fault, a full queue, or because the other side had gone.",
  "loss on a path":
    "Datagrams lost with this probability. Up (upstream): on the way from the client to the service. Down (downstream): on the way back.",
  "delay on a path":
    "Time that is added to each packet; on TCP to each part of the stream, which stays in order. Fixed: always the same. Uniform: any time in a range. Normal: a bell curve. Pareto: at least min, mostly short and sometimes very long, as in real queues. Correlation: how much each delay resembles the one before it. Order: “kept” lets no datagram overtake another.",
  "rate of a path":
    "Most payload octets per second, as bits. What comes faster waits in the queue, which holds 100 ms of the rate unless it has a limit of its own. A full queue loses datagrams; on TCP it slows the sender down.",
  "stalled connections":
    "On this share of the connections nothing passes, and they stay open; with a time, they are closed after it. Octets that the relay has accepted wait.",
  "reset connections": "This share of the connections is aborted with a TCP RST (RFC 9293), at once or after a time.",
  limit: "Each connection ends with a TCP FIN after this many octets in the direction. 0 ends it at the first.",
  slice:
    "The stream is passed on in segments of this size, give or take ± octets, with a gap between two of them. Programs that expect a message in one piece fail.",
  "slow-close": "The end of the stream (TCP FIN) is passed on after this time.",
  waiting: "Octets in the relay: in the queue in front of a rate, delayed, or not accepted by the other side yet.",
  "added delay": "Time from when the relay has received a packet until it hands it to the operating system.",
  "injected and measured":
    "Set: the configured faults. Injected: what the lab did since the last change. Measured: the result. With few packets the three differ by chance; they converge as packets add up.",

  // Options of a load run
  rate: "Packets per second of each protocol. The generator sends on schedule and does not wait for answers (open loop), as independent users do.",
  duration: "Seconds for which the run sends, warm-up excluded. The last answers are awaited after that.",
  arrival:
    "Constant: evenly spaced. Poisson: at random times with the same mean rate (RFC 2330 section 11.1.1), as requests of independent users arrive. Random arrivals build queues that even spacing does not.",
  "load connections": "Connections or sockets that the run sends on. Left empty, the generator chooses the number.",
  "packet size": "Payload octets of each packet that the run sends.",
  timeout:
    "An answer that arrives after this time is late. A packet without an answer within the waiting time is lost.",
  "waiting time":
    "A packet without an answer for this long is lost (the loss threshold of RFC 7680 section 2.4). At least the timeout. Left empty, it is twice the timeout, and at least 1 s longer than it. The load command's flag is --wait.",
  "warm-up":
    "Packets sent before the run. The report does not count them, so that it does not measure a cold start. The lab counts them.",

  // Results of a load run
  "packet accounting":
    "Every packet planned is sent, unsent or refused. Every packet sent is counted in exactly one column: sent = answered + lost + late + failed + corrupt. Failed: an HTTP status outside 2xx, or a broken connection. An HTTP connection that ends in place of a response is a loss. Corrupt: a malformed answer, or one that does not repeat what was sent.",
  "failed answers":
    "HTTP responses with a status outside 2xx. Each is an answer whose time is measured, but its packet counts as failed: percentiles of the response time take it as infinitely slow, so that a target that fails fast does not look fast.",
  late: "Answered after the timeout and within the waiting time. A late packet is not lost, and its time is not a response time.",
  refused:
    "Packets that the kernel of the sender refused, for example because of a firewall rule. They were not sent, so that they are not lost.",
  "loss direction":
    "Lost packets by direction (RFC 7680): upstream from sender to target, downstream from target to sender. They are derived from the counts of the run's relay, the lab's session summary, the reflector's sequence numbers or the target's X-Wirelab-Fate header; on HTTP the summary is that of the requests with the run's X-Wirelab-Session.",
  unexplained: "Lost packets whose direction is unknown. For a lab on the same machine there should be none.",
  loss: "Lost packets divided by packets sent (round-trip loss, RFC 6673). The 95 % interval is that of a two-state Markov chain, wider where losses vary more, so that it holds for bursts too. The effective sample size is the number of independent packets that would give the same precision.",
  "loss bursts":
    "Sequences of consecutive lost packets (loss periods, RFC 3357; loss episodes, RFC 6534). The gaps are the packets between two bursts.",
  "Gilbert model":
    "The two-state model of the burst fault, estimated from the run: p is the probability that a lost packet follows a received one, r that a received packet follows a lost one. With the burst fault as the only loss in one direction, p and r are its parameters.",
  "loss places":
    "Lost packets by place, without those dropped on purpose: on the path, at the target's full receive buffer (an upper limit, because its counter includes other senders), and at the own full receive buffer.",
  "duplicate answers":
    "Further answers to an answered packet. They never offset a loss. A stateful reflector numbers its answers: a copy with a number of its own was made upstream, one with the number of an earlier answer downstream.",
  "reordered answers": "Answers that arrived after the answer to a later packet (RFC 4737 section 3.3).",
  "response time":
    "Time from a packet's intended send time to its answer. It includes the time that the packet waited to be sent. A measurement that leaves this time out suffers from coordinated omission.",
  "service time": "Time from the actual sending of a packet to its answer (round-trip delay, RFC 2681).",
  "server time":
    "Time for which the target reports to have held a packet, injected delay downstream included: T3 - T2 of a STAMP answer (RFC 8762), or Server-Timing on HTTP. It is part of the service time.",
  "one-way delay":
    "Upstream: T2 - T1; downstream: T4 - T3, from the timestamps of a STAMP answer (RFC 7679, RFC 8762). Values are signed: they include the offset of the target's clock, which is estimated from the exchange with the shortest round trip (RFC 5905 section 8). They are comparable if that offset is 0 within its error throughout the run and no clock was set.",
  jitter:
    "Smoothed round-trip delay variation (RFC 3550 section 6.4.1): at each answer J += (|D| - J) / 16, where D is the change of the service time since the previous answer. J depends on the last answers only; the mean of |D| is of the whole run, and objectives use it.",
  IPDV: "Round-trip delay variation from packet to packet (RFC 3393, which defines it one-way and signed): the absolute difference of the service times of two packets with consecutive numbers. From the timestamps of STAMP answers it is also computed one-way; that requires no synchronized clocks.",
  PDV: "Round-trip delay variation over the minimum (RFC 5481): the service time minus the shortest service time of the run.",
  "schedule error":
    "Delay from a packet's intended send time until the generator passed it to the kernel. It measures the accuracy of the generator itself.",
  "handshake time":
    "Time until a connection can carry packets: TCP from the first SYN until the connection is open, TLS from then until it is encrypted, QUIC both at once. A resumed handshake uses the session of an earlier connection (RFC 8446 section 2.2), a full one does not. The response time contains it only if the packet waited for its connection.",
  "receive delay":
    "Time from when the kernel received an answer until the generator read it. The measured times contain it. The kernel's time is known for the last of the answers that are read together; for the others it is estimated from the times at which they left the target. Over TCP and HTTP it is a lower bound, because the kernel reports that time in ticks of 1 to 10 ms.",
  verdict:
    "Whether the run supports its own numbers. It is not valid if delays of the load generator added more than 1 ms and more than a tenth to p50, p90, p95 or p99 of the response time, and more than its 95 % interval covers; if the generator's receive buffer overflowed; or if a percentile has too few samples.",
  significance:
    "Whether a change exceeds what chance explains at 95 % confidence. Of two single runs, a value is “higher” or “lower”, or “within noise of the runs”; “cannot tell” means that one of them has no interval. One pair cannot tell a change from the ordinary variation between runs. Sets of runs, made with --repeat, can: only of these a change is “better”, “worse” or “within noise”.",
  "interval percentile":
    "During a run, p50, p95 and p99 of an interval are over the packets whose outcome became known in it: answered in it, or found to be failed, corrupt or without an answer within the timeout. The latter count as infinitely slow, as in the report, so that a percentile among them is “>” the timeout. A loss is known one timeout after its packet was sent.",
  "percentile curve":
    "Response time by percentile. The axis stretches towards 100 %: each step to the right (90 %, 99 %, 99.9 %) leaves a tenth of the answers. A flat line means steady response times; a rising line means that a few answers were much slower. The curve is over all packets sent and ends where the response time is over the timeout.",
} as const;

/** A term of the glossary. */
export type Term = keyof typeof GLOSSARY;
