/** Octets that wait to be written to a connection. */

const INITIAL = 1 << 14;

/** A buffer that grows with what is added between two writes, and with what the kernel does not accept. */
export class Output {
  bytes = Buffer.allocUnsafe(INITIAL);
  length = 0;

  /** Makes room for `count` octets; returns where they begin. */
  extend(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.length, 2 * this.bytes.length));
      this.bytes.copy(larger, 0, 0, at);
      this.bytes = larger;
    }
    return at;
  }

  add(octets: Uint8Array): void {
    const at = this.extend(octets.length);
    this.bytes.set(octets, at);
  }

  /** Writes as much as the kernel accepts. */
  writeTo(socket: Pick<Bun.Socket, "write">): void {
    if (this.length === 0) return;
    const written = Math.max(0, socket.write(this.bytes, 0, this.length));
    if (written < this.length) this.bytes.copyWithin(0, written, this.length);
    this.length -= written;
  }
}
