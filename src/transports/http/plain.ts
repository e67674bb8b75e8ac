import type { PlainRequest, PlainRequests, Refusal, Reply } from "../../dialects/dialect.ts";
import type { Clock } from "../../platform/clock.ts";
import { readBody } from "./body.ts";
import type { Exchange } from "./exchange.ts";

/** Under which conditions a plain request is answered. */
export interface PlainAsking {
  readonly requests: PlainRequests;
  readonly clock: Clock;
  readonly handshake: PlainRequest["handshake"];
  /** What follows the endpoint's own path. */
  readonly path: string;
  /** The client waits for 100 before it sends its body. */
  readonly isExpected: boolean;
  readonly open: PlainRequest["open"];
  readonly budget: PlainRequest["budget"];
  /** Hears what the dialect threw. */
  readonly failed: (error: unknown) => void;
}

/** Lets a dialect answer a request in its own way. */
export function answerPlainly(exchange: Exchange, asking: PlainAsking): void {
  const { requests, clock, handshake, path, isExpected, open, budget, failed } = asking;
  const fail = (error: unknown): void => {
    failed(error);
    exchange.fail({ status: 500, message: "something went wrong on the server" });
  };
  readBody(exchange, { clock, maxBytes: requests.maxBodyBytes, isExpected }, (body) => {
    const request: PlainRequest = {
      method: handshake.method,
      path,
      handshake,
      body: body.toString(),
      open,
      budget,
      onGone(gone) {
        exchange.response.once("close", () => {
          if (!exchange.response.writableFinished) gone();
        });
      },
    };
    try {
      const handled = requests.handle(request);
      if (handled instanceof Promise) handled.then((reply) => tell(exchange, reply)).catch(fail);
      else tell(exchange, handled);
    } catch (error) {
      fail(error);
    }
  });
}

function tell(exchange: Exchange, reply: Reply | Refusal): void {
  if (reply.kind === "refuse") exchange.fail(reply);
  else exchange.answer(reply.status, reply.contentType, reply.body, reply.headers);
}
