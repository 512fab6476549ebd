/**
 * Source ports that get no response: 0, and those of services that respond to any datagram, with which the lab would
 * exchange datagrams forever: echo, discard, daytime, quotd, chargen, time, dns, tftp, ntp, snmp, ssdp, mdns, memcached.
 * The lab refuses them, and the relay, behind which the lab does not see them.
 */
export const REFLECTOR_PORTS: ReadonlySet<number> = new Set([
  0, 7, 9, 13, 17, 19, 37, 53, 69, 123, 161, 1900, 5353, 11_211,
]);
