import type { Lookup } from "./lookup.ts";
import { PRICES } from "./prices.ts";
import { table } from "./table.ts";

const PEOPLE = 1_000;
const HOURS_A_DAY = 8;
const DAYS = 30;

/** What a person is taken to do in a day. */
const HABITS = { arrivals: 1, navigations: 60, statusChanges: 4 };

const ROOM_SIZES = [10, 100, 1_000];
/** An alarm's run in production is longer than its CPU: this much for the object's start. */
const START_MS = 5;

interface Item {
  name: string;
  dollars: number[];
}

/** Dollars a month, item by item, each for the rooms of one size; `null` if counts are missing. */
function items(lookup: Lookup): Item[] | null {
  const row = (subject: string, key: string) => lookup.figure("rows", subject, "Rollcall", key);
  const written = (subject: string) => {
    const rows = row(subject, "rows");
    const alarms = row(subject, "alarmsSet");
    return typeof rows === "number" && typeof alarms === "number" ? rows + alarms : null;
  };
  const steps = {
    join: written("first join"),
    leave: written("leave"),
    status: written("status change"),
  };
  const idle = (size: number, key: string) =>
    lookup.figure("idle", `room of ${size},`, "Rollcall", key);
  const read = lookup.figure("read", "fresh", "Rollcall", "cpuMicros");
  const counts = ROOM_SIZES.map((size) => ({
    alarms: idle(size, "alarms"),
    rows: idle(size, "rowsWritten"),
    read: idle(size, "rowsRead"),
    ms: idle(size, "cpuPerAlarm"),
    navigation: lookup.figure("navigate", `room of ${size}`, "Rollcall", "written"),
    alarmsEach: lookup.figure("navigate", `room of ${size}`, "Rollcall", "fired"),
    readEach: lookup.figure("navigate", `room of ${size}`, "Rollcall", "read"),
  }));
  const known = [...Object.values(steps), read, ...counts.flatMap((each) => Object.values(each))];
  if (known.some((value) => typeof value !== "number")) return null;

  const days = PEOPLE * DAYS;
  const connects = days * (HABITS.arrivals + HABITS.navigations);
  const rows =
    days * (HABITS.arrivals * (steps.join! + steps.leave!) + HABITS.statusChanges * steps.status!);
  const navigations = days * HABITS.navigations;
  // A leave is a message; the browser's close at a navigation is none.
  const messages = days * (HABITS.statusChanges + HABITS.arrivals);
  const events = connects * 2 + messages;
  const each = (cost: (index: number, roomHours: number) => number) =>
    ROOM_SIZES.map((size, index) => cost(index, (PEOPLE / size) * HOURS_A_DAY * DAYS));
  const gigabyteSeconds = (ms: number) => (ms / 1000) * PRICES.objectGigabytes;
  return [
    {
      name: `Worker: ${connects.toLocaleString("en-US")} upgrades, requests and CPU`,
      dollars: each(() => connects * (PRICES.workerRequest + (read! / 1000) * PRICES.workerCpuMs)),
    },
    { name: "object: the same upgrades", dollars: each(() => connects * PRICES.objectRequest) },
    {
      name: "object: status changes and leaves, as messages",
      dollars: each(() => (messages / PRICES.messagesPerRequest) * PRICES.objectRequest),
    },
    { name: "object: heartbeats, answered by the platform", dollars: each(() => 0) },
    {
      name: "object: alarms",
      dollars: each(
        (index, hours) =>
          (hours * counts[index]!.alarms! + navigations * counts[index]!.alarmsEach!) *
          PRICES.objectRequest,
      ),
    },
    {
      name: "rows written: joins, statuses, leaves",
      dollars: each(() => rows * PRICES.rowWritten),
    },
    {
      name: "rows written: navigations, with their alarms",
      dollars: each((index) => navigations * counts[index]!.navigation! * PRICES.rowWritten),
    },
    {
      name: "rows written: alarms",
      dollars: each((index, hours) => hours * counts[index]!.rows! * PRICES.rowWritten),
    },
    {
      name: "rows read: starts after hibernation",
      dollars: each(
        (index, hours) =>
          (hours * counts[index]!.read! + navigations * counts[index]!.readEach!) * PRICES.rowRead,
      ),
    },
    {
      name: "duration: alarms",
      dollars: each((index, hours) => {
        const { alarms, ms } = counts[index]!;
        const all = hours * alarms! + navigations * counts[index]!.alarmsEach!;
        return gigabyteSeconds(all * (ms! + START_MS)) * PRICES.gigabyteSecond;
      }),
    },
    {
      name: "duration: joins, losses, messages, and a start before each",
      dollars: each((index) => {
        const ms = counts[index]!.ms! + START_MS;
        return gigabyteSeconds(events * ms) * PRICES.gigabyteSecond;
      }),
    },
  ];
}

const dollars = (amount: number) => `$${amount.toFixed(2)}`;

/** The table, and what it rests on. */
export function costTable(lookup: Lookup): string {
  const known = items(lookup);
  if (known === null) return "Needs the measures idle, navigate, rows and read in one run.";
  const totals = ROOM_SIZES.map((_, index) =>
    known.reduce((sum, item) => sum + item.dollars[index]!, 0),
  );
  const lines = known.map(({ name, dollars: each }) => [name, ...each.map(dollars)]);
  const header = ["a month", ...ROOM_SIZES.map((size) => `rooms of ${size}`)];
  return [
    `${PEOPLE.toLocaleString("en-US")} people online ${HOURS_A_DAY} h a day on ${DAYS} days, each a day ${HABITS.arrivals} arrival and leave, ${HABITS.navigations} page navigations and ${HABITS.statusChanges} status changes; what a plan includes is not taken off. Counts are those measured above. An object that could hibernate is not billed, so duration is what its handlers take: the CPU measured here for a start and an alarm, and ${START_MS} ms on top, for every event as if each had to wake it.`,
    "",
    table(header, [...lines, ["**total**", ...totals.map((total) => `**${dollars(total)}**`)]]),
  ].join("\n");
}
