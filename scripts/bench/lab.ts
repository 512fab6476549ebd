/** A lab as a bench measures it: no faults, no log. Prints its port for the protocol of the row. */
import { startLab } from "../../src/index.ts";

const lab = await startLab({ httpPort: 0, tcpPort: 0, udpPort: 0 });
const kind = process.argv[2];
console.log(kind === "udp" ? lab.ports.udp : kind === "tcp" ? lab.ports.tcp : lab.ports.http);
