import type { Refusal } from "../dialect.ts";
import { textRefusal } from "../go-refusals.ts";

export const unknownEndpoint: Refusal = textRefusal(404, "Unknown endpoint");
export const unknownSession: Refusal = textRefusal(404, "Session not found");
export const sessionClosed: Refusal = textRefusal(410, "Session closed");
export const queueFull: Refusal = textRefusal(503, "Message queue full");
export const otherMethod: Refusal = textRefusal(405, "Method Not Allowed", { Allow: "GET, POST" });
export const full: Refusal = textRefusal(503, "Too many connections");
export const stopping: Refusal = textRefusal(503, "Shutting down", { "Retry-After": "1" });
