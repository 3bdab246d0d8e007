import * as v from "valibot";
import { answerHeaders } from "../answer.ts";
import { readBody } from "./body.ts";
import { isRoomName } from "../../protocol/room-name.ts";
import { Refusal } from "../errors.ts";
import { requireOrigin } from "../access/origin.ts";
import { judge } from "../access/policy.ts";
import { countRead } from "../access/rate-limit.ts";
import { credentialContextOf } from "./read.ts";
import type { RequestContext } from "../access/request-context.ts";
import { readCredential } from "../session/credential.ts";
import { sessionCookies } from "../session/index.ts";
import { mintTicket, ticketExpiry } from "../session/own-tokens.ts";
import { requireUnrevoked } from "../user/user-stub.ts";

/** The body of `POST /tickets`. */
export const ticketSchema = v.object({ room: v.string() });

/**
 * Issues a ticket for a room to a session that may join it (SPEC T1).
 *
 * @throws Refusal with a code of A5, `bad_request`, `too_large`, `room_invalid`, or `not_found` if there are none.
 */
export async function giveTicket(context: RequestContext): Promise<Response> {
  const { config, policy, request, url, requestId } = context;
  if (config.tickets === null) throw new Refusal("not_found");
  const { secrets, ticketMs } = config.tickets;
  const credential = readCredential(request, sessionCookies(config.session));
  requireOrigin(request, credential, url.origin, config.allowedOrigins);
  if (credential?.kind === "ticket") throw new Refusal("session_invalid");
  // Without a credential nothing can fail.
  if (credential === null) throw new Refusal("unauthenticated");
  const { session } = await judge(credential, credentialContextOf(context, ""));
  await countRead(config.env.READS, session.user.id);
  const { room } = await readBody(request, ticketSchema);
  if (!isRoomName(room)) throw new Refusal("room_invalid");
  if (!(await policy.authorize(session, room, "join", context))) {
    throw new Refusal("room_forbidden", session.user.id);
  }
  await requireUnrevoked(config, session);
  const now = Date.now();
  // The session may be within A2's tolerance; a ticket has none.
  if (session.expiresAt <= now) throw new Refusal("session_expired", session.user.id);
  const expiresAt = ticketExpiry(session, now + ticketMs);
  const ticket = await mintTicket(session, room, expiresAt, secrets);
  const body = { ticket, expiresAt: new Date(expiresAt).toISOString() };
  return Response.json(body, {
    status: 201,
    headers: { ...answerHeaders(requestId), "Cache-Control": "no-store" },
  });
}
