/** Clients of a lab on 127.0.0.1: each sends `count` plain packets and returns the number of answers. */
import { until } from "../../support/until.ts";

/** Sends datagrams; waits for all answers, or for at most `waitMs` where some may be missing. */
export async function sendUdp(port: number, count: number, waitMs?: number): Promise<number> {
  let answers = 0;
  const socket = await Bun.udpSocket({
    connect: { hostname: "127.0.0.1", port },
    socket: {
      data(_, data) {
        if (data.toString() === "ACK-UDP") answers++;
      },
    },
  });
  for (let i = 0; i < count; i++) socket.send(`Hello UDP ${i}`);
  const all = until(() => answers === count, `${count} answers over UDP`, waitMs);
  await (waitMs === undefined ? all : all.catch(() => undefined));
  socket.close();
  return answers;
}

/** Sends chunks on one connection, each after the answer to the one before. */
export async function sendTcp(port: number, count: number): Promise<number> {
  let text = "";
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, data) {
        text += data.toString();
      },
    },
  });
  for (let i = 0; i < count; i++) {
    socket.write(`Hello TCP ${i}`);
    await until(() => text.length === "ACK-TCP".length * (i + 1), `answer ${i + 1} over TCP`);
  }
  socket.end();
  return text.split("ACK-TCP").length - 1;
}

/** Sends requests one after the other. */
export async function sendHttp(url: string, count: number): Promise<number> {
  let answered = 0;
  for (let i = 0; i < count; i++) {
    const response = await fetch(url, { method: "POST", body: JSON.stringify({ message: `Hello HTTP ${i}` }) });
    if (response.ok) answered++;
  }
  return answered;
}
