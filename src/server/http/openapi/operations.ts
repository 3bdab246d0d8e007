import * as v from "valibot";
import type { ErrorCode } from "../../errors.ts";
import { eventSchema, userEventSchema } from "../events.ts";
import { holdSchema, leaveSchema } from "../leases.ts";
import { roomsQuerySchema } from "../rooms.ts";
import { presenceSchema, revocationSchema } from "../users.ts";
import { ticketSchema } from "../tickets.ts";
import type { AnswerName } from "./answers.ts";

/** One route in the document. */
export interface Operation {
  method: "get" | "post" | "put" | "delete";
  /** As in OpenAPI: parameters in braces. */
  path: string;
  id: string;
  summary: string;
  /** Who may send the request: anyone, a session, the app's backend, or either of these two. */
  by: "anybody" | "session" | "backend" | "session or backend";
  query?: v.ObjectSchema<v.ObjectEntries, undefined>;
  body?: v.GenericSchema;
  /** By status: a short text, or the names of the answers. */
  answers: Record<number, string | readonly AnswerName[]>;
  /** Codes of A5 in addition to those that every route of its kind may answer. */
  refusals?: readonly ErrorCode[];
}

const roomQuery = v.object({
  since: v.optional(v.string()),
  fields: v.optional(v.literal("counts")),
  view: v.optional(v.picklist(["snapshot", "window", "counts"])),
  limit: v.optional(v.pipe(v.string(), v.regex(/^\d{1,4}$/))),
  watch: v.optional(v.union([v.array(v.string()), v.string()])),
  after: v.optional(v.string()),
  present: v.optional(v.literal("false")),
  idle: v.optional(v.literal("true")),
  ticket: v.optional(v.string()),
  auth: v.optional(v.literal("message")),
});

const CONNECTS = ["too_many_connections", "too_many_rooms", "rate_limited", "room_full"] as const;

/** Every route of the service, one entry each. */
export const OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: "/healthz",
    id: "readHealth",
    summary: "Whether the Worker runs",
    by: "anybody",
    answers: { 200: ["Health"] },
  },
  {
    method: "get",
    path: "/openapi.json",
    id: "readDescription",
    summary: "This document",
    by: "anybody",
    answers: { 200: "An OpenAPI 3.1 document" },
    refusals: ["misconfigured"],
  },
  {
    method: "get",
    path: "/rooms/{room}",
    id: "readRoom",
    summary: "Who is in a room; opened as a WebSocket it makes the caller present, or a watcher",
    by: "session or backend",
    query: roomQuery,
    answers: {
      101: "The room's WebSocket",
      200: ["Snapshot", "Delta", "Counts", "Page"],
      304: "Nothing changed since the entity tag in If-None-Match",
    },
    refusals: ["bad_request", "upgrade_required", ...CONNECTS],
  },
  {
    method: "put",
    path: "/rooms/{room}/me",
    id: "holdLease",
    summary: "Creates or renews a lease: presence without a WebSocket",
    by: "session",
    body: holdSchema,
    answers: { 200: ["Lease"] },
    refusals: ["bad_request", "too_large", ...CONNECTS],
  },
  {
    method: "post",
    path: "/rooms/{room}/me/leave",
    id: "endLease",
    summary: "Ends a lease; the lease is the only credential",
    by: "anybody",
    body: leaveSchema,
    answers: { 204: "The lease has ended" },
    refusals: [
      "bad_request",
      "too_large",
      "room_invalid",
      "origin_forbidden",
      "rate_limited",
      "room_unavailable",
      "misconfigured",
    ],
  },
  {
    method: "post",
    path: "/tickets",
    id: "giveTicket",
    summary: "Issues a ticket that opens one connection to a room",
    by: "session",
    body: ticketSchema,
    answers: { 201: ["Ticket"] },
    refusals: ["bad_request", "too_large", "not_found", "rate_limited"],
  },
  {
    method: "get",
    path: "/rooms",
    id: "listRooms",
    summary: "The occupied rooms, ordered by name",
    by: "backend",
    query: roomsQuerySchema,
    answers: { 200: ["Rooms"] },
    refusals: ["bad_request", "rooms_unavailable"],
  },
  {
    method: "get",
    path: "/rooms/{room}/stats",
    id: "readStats",
    summary: "The room's figures, including its outbox",
    by: "backend",
    answers: { 200: ["RoomStats"] },
  },
  {
    method: "post",
    path: "/rooms/{room}/events",
    id: "sendEvent",
    summary: "Sends an event to the connections in a room",
    by: "backend",
    body: eventSchema,
    answers: { 200: ["Delivered"] },
    refusals: ["bad_request", "too_large"],
  },
  {
    method: "delete",
    path: "/rooms/{room}/members/{user}",
    id: "kickMember",
    summary: "Closes a user's connections in a room",
    by: "backend",
    answers: { 200: ["Closed"] },
    refusals: ["bad_request"],
  },
  {
    method: "get",
    path: "/users/{user}",
    id: "readUser",
    summary: "The rooms that a user is present in",
    by: "backend",
    answers: { 200: ["User"] },
    refusals: ["bad_request", "user_unavailable"],
  },
  {
    method: "post",
    path: "/users/presence",
    id: "readUsers",
    summary: "Which users are present anywhere",
    by: "backend",
    body: presenceSchema,
    answers: { 200: ["Users"] },
    refusals: ["bad_request", "too_large"],
  },
  {
    method: "delete",
    path: "/users/{user}",
    id: "forgetUser",
    summary: "Closes a user's connections in every room, and forgets the user",
    by: "backend",
    answers: { 200: ["Closed"] },
    refusals: ["bad_request", "user_unavailable"],
  },
  {
    method: "post",
    path: "/users/{user}/events",
    id: "sendUserEvent",
    summary: "Sends an event to a user's connections in every room",
    by: "backend",
    body: userEventSchema,
    answers: { 200: ["Delivered"] },
    refusals: ["bad_request", "too_large", "user_unavailable"],
  },
  {
    method: "post",
    path: "/users/{user}/revocations",
    id: "revokeSessions",
    summary: "Ends one session of a user, or all issued until now",
    by: "backend",
    body: revocationSchema,
    answers: { 200: ["Closed"] },
    refusals: ["bad_request", "too_large", "user_unavailable"],
  },
  {
    method: "delete",
    path: "/users/{user}/revocations",
    id: "liftRevocations",
    summary: "Withdraws all revocations of a user",
    by: "backend",
    answers: { 200: ["Lifted"] },
    refusals: ["bad_request", "user_unavailable"],
  },
];
