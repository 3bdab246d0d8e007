import { groupsOf, hasPrefix, v4At } from "../platform/ip-address.ts";

/** Networks outside the public internet (the IANA's special-purpose registries). */
const PRIVATE_V4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
].map((network) => {
  const [address, bits] = network.split("/") as [string, string];
  const size = 2 ** (32 - Number(bits));
  return { first: numberOf(address), size };
});

function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function isPrivateV4(address: string): boolean {
  const number = numberOf(address);
  return PRIVATE_V4.some(({ first, size }) => number >= first && number < first + size);
}

/** Only 2000::/3 is public; a tunnel to an IPv4 address within it counts as that address. */
function isPrivateV6(address: string): boolean {
  const groups = groupsOf(address);
  const isPrefix = (...prefix: number[]) => hasPrefix(groups, prefix);
  if (isPrefix(0x64, 0xff9b, 0, 0, 0, 0) || isPrefix(0, 0, 0, 0, 0, 0xffff)) {
    return isPrivateV4(v4At(groups, 6));
  }
  if (isPrefix(0x2002)) return isPrivateV4(v4At(groups, 1));
  return groups[0]! >> 13 !== 1 || isPrefix(0x2001, 0) || isPrefix(0x2001, 0xdb8);
}

/**
 * Whether the host of a parsed URL is private: an address outside the public internet, or `localhost`.
 * Names are not resolved.
 *
 * @example
 * isPrivateHost(new URL("https://0x7f.1/").hostname); // true: a URL writes it 127.0.0.1
 * isPrivateHost("app.example.com"); // false
 */
export function isPrivateHost(hostname: string): boolean {
  if (hostname.startsWith("[")) return isPrivateV6(hostname.slice(1, -1));
  if (/^\d+(\.\d+){3}$/.test(hostname)) return isPrivateV4(hostname);
  return /(^|\.)localhost\.?$/.test(hostname);
}
