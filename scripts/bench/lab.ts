/** A lab without faults and log. Prints its port for the row; for `all`, the HTTP and UDP ports. */
import { startLab } from "../../src/index.ts";

const lab = await startLab({ httpPort: 0, tcpPort: 0, udpPort: 0 });
const kind = process.argv[2];
const { http, tcp, udp } = lab.ports;
console.log(kind === "all" ? `${http} ${udp}` : kind === "udp" ? udp : kind === "tcp" ? tcp : http);
