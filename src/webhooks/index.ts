export { createReceiver, type Positions, type Receive, type ReceiverOptions } from "./receiver.ts";
export type { WebhookHeaders } from "./verify.ts";
export type { WebhookEvent, WebhookMessage } from "../protocol/webhook-message.ts";
export type { Data, Member, Status } from "../protocol/member.ts";
