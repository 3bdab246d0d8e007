export { createApp, type AppOptions } from "./app.ts";
export type { Action, Authorize, AuthorizeWatch, RuleContext } from "./access/authorize.ts";
export type { Env } from "./env.ts";
export { Directory } from "./directory/directory.ts";
export type { Verify } from "./access/policy.ts";
export type { WebhookEvent, WebhookMessage } from "../protocol/webhook-message.ts";
export { Room } from "./room/room.ts";
export type { Session, SessionUser } from "./session/session.ts";
export { User } from "./user/user.ts";
