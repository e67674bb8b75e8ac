import type { Refusal } from "../dialect.ts";

export const unknownEndpoint: Refusal = refusal(404, "Unknown endpoint");
export const unknownSession: Refusal = refusal(404, "Session not found");
export const sessionClosed: Refusal = refusal(410, "Session closed");
export const queueFull: Refusal = refusal(503, "Message queue full");
export const otherMethod: Refusal = refusal(405, "Method Not Allowed", { Allow: "GET, POST" });
export const full: Refusal = refusal(503, "Too many connections");
export const stopping: Refusal = refusal(503, "Shutting down", { "Retry-After": "1" });

/** A line of text, which nobody should take for anything else. */
export function refusal(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Refusal {
  return { kind: "refuse", status, message, headers: { "X-Content-Type-Options": "nosniff", ...headers } };
}
