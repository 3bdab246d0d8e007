const V4_MAPPED = [0, 0, 0, 0, 0, 0xffff] as const;

/** The eight groups of an IPv6 address as a URL writes it: lower case, `::` at most once. */
export function groupsOf(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const parse = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  if (tail === undefined) return parse(head);
  const [first, last] = [parse(head), parse(tail)];
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

/** The IPv4 address that two groups of an IPv6 address hold. */
export function v4At(groups: readonly number[], index: number): string {
  const [high, low] = [groups[index]!, groups[index + 1]!];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

export function hasPrefix(groups: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((group, at) => groups[at] === group);
}

/** The length of the longest address; anything else is cut to it. */
const MAX_LENGTH = 45;

/**
 * The network that an address counts as (SPEC A7). An IPv6 customer commonly has a whole /64, and can
 * use any address in it. A mapped IPv4 address counts as that address.
 *
 * @example
 * networkOf("2001:DB8::7:1"); // "2001:db8:0:0::/64"
 * networkOf("::ffff:192.0.2.1"); // "192.0.2.1"
 */
export function networkOf(address: string): string {
  if (!/^[\da-f:.]*:[\da-f:.]*$/i.test(address)) return address.slice(0, MAX_LENGTH);
  const url = URL.parse(`http://[${address}]`);
  if (url === null) return address.slice(0, MAX_LENGTH);
  const groups = groupsOf(url.hostname.slice(1, -1));
  if (hasPrefix(groups, V4_MAPPED)) return v4At(groups, 6);
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(":")}::/64`;
}
