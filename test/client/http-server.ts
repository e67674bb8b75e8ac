import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request, as a test looks at it. */
export interface Asked {
  readonly name: string;
  readonly method: string;
  readonly query: Readonly<Record<string, string>>;
  readonly type: string | undefined;
  readonly body: string;
}

/** A server that answers as the test says. */
export interface Scripted {
  readonly url: string;
  readonly asked: Asked[];
  /** The names of what was asked, without the polls. */
  names(): readonly string[];
  close(): Promise<void>;
}

/** @param answer whatever it does not answer stays open */
export async function serve(answer: (asked: Asked, response: ServerResponse) => void): Promise<Scripted> {
  const asked: Asked[] = [];
  const http = createServer((request, response) => {
    void read(request).then((each) => {
      asked.push(each);
      if (each.name === "open" && !response.headersSent) response.setHeader("content-type", "application/json");
      answer(each, response);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/carillon`,
    asked,
    names: () => asked.map(({ name }) => name).filter((name) => name !== "poll" && name !== "sse"),
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

async function read(request: IncomingMessage): Promise<Asked> {
  const { pathname, searchParams } = new URL(request.url!, "http://server");
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  return {
    name: pathname.replace("/carillon/", ""),
    method: request.method!,
    query: Object.fromEntries(searchParams),
    type: request.headers["content-type"],
    body,
  };
}
