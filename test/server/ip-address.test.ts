import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { networkOf } from "../../src/server/platform/ip-address.ts";

const hex = (group: number) => group.toString(16);

describe("what an address is counted as", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2:ffff::", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["1::", "1:0:0:0::/64"],
    ["::2:3:4:5:6:7:8", "0:2:3:4::/64"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8::192.0.2.1", "2001:db8:0:0::/64"],
    ["unknown", "unknown"],
    ["1:2", "1:2"],
    ["1::2::3", "1::2::3"],
    ["::1]/x", "::1]/x"],
    ["x".repeat(99), "x".repeat(45)],
    [":".repeat(99), ":".repeat(45)],
  ])("[A7.4] %s is %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it("[A7.4] is the first 64 bits of IPv6, however it is written", () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    const groups = fc.array(fc.oneof(fc.constant(0), group), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(groups, fc.nat(7), fc.nat(8), (all, from, length) => {
        const isMapped = all.slice(0, 6).join() === "0,0,0,0,0,65535";
        fc.pre(!isMapped);
        const zeros = all.slice(from, from + length);
        const written = all.map(hex).join(":");
        const short =
          zeros.length > 0 && zeros.every((part) => part === 0)
            ? `${all.slice(0, from).map(hex).join(":")}::${all
                .slice(from + length)
                .map(hex)
                .join(":")}`
            : written.toUpperCase();
        const network = `${all.slice(0, 4).map(hex).join(":")}::/64`;
        expect([networkOf(written), networkOf(short)]).toEqual([network, network]);
      }),
    );
  });
});
