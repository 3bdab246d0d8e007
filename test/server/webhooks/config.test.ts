import { expect, it } from "vitest";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Env } from "../../../src/server/env.ts";

it("[H1.1, H1.2, H4.2] webhooks need a URL and a secret, the one public and the other long, or neither", () => {
  const secret = `whsec_${btoa("x".repeat(32))}`;
  const faultsOf = (url?: string, key?: string, allow?: string) =>
    parseConfig({
      SESSION_SECRET: "x".repeat(32),
      ...(url !== undefined && { WEBHOOK_URL: url }),
      ...(key !== undefined && { WEBHOOK_SECRET: key }),
      ...(allow !== undefined && { WEBHOOK_ALLOW_PRIVATE: allow }),
    } as Env).faults.map((fault) => fault.split(":")[0]);
  expect(faultsOf()).toEqual([]);
  expect(faultsOf("", "")).toEqual([]);
  expect(faultsOf("https://app.example.com/hooks", secret)).toEqual([]);
  expect(faultsOf("https://app.example.com/hooks")).toEqual(["WEBHOOK_SECRET"]);
  expect(faultsOf(undefined, secret)).toEqual(["WEBHOOK_URL"]);
  for (const key of ["secret", "whsec_", "whsec_c2hvcnQ=", `${secret},whsec_x`, secret.slice(6)]) {
    expect(faultsOf("https://app.example.com/", key), key).toEqual(["WEBHOOK_SECRET"]);
  }
  const inner = [
    "http://app.example.com/",
    "https://localhost/",
    "https://app.localhost./",
    "https://127.0.0.1/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://10.1.2.3/",
    "https://172.31.0.1/",
    "https://192.168.1.1:8443/",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/",
    "https://0.0.0.0/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://[fd00::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[ff02::1]/",
  ];
  for (const url of inner) {
    expect(faultsOf(url, secret), url).toEqual(["WEBHOOK_URL"]);
    expect(faultsOf(url, secret, "true"), url).toEqual([]);
  }
  const outer = [
    "https://8.8.8.8/",
    "https://172.32.0.1/",
    "https://100.128.0.1/",
    "https://[2606:4700::1111]/",
    "https://[64:ff9b::808:808]/",
    "https://localhost.example.com/",
  ];
  for (const url of outer) expect(faultsOf(url, secret), url).toEqual([]);
  for (const url of ["no URL", "ftp://app.example.com/", "https://u:p@app.example.com/"]) {
    expect(faultsOf(url, secret, "true"), url).toEqual(["WEBHOOK_URL"]);
  }
});
