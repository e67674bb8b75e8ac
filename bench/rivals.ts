import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import type { Command } from "./server-process.ts";
import type { Tools } from "./tools.ts";
import { Unavailable } from "./unavailable.ts";

/** Makes the command that serves on a port. */
export type Launch = (port: number, flags: readonly string[]) => Command | Promise<Command>;

/** A server that is measured. */
export interface Rival {
  readonly name: string;
  /** Who the generator plays. */
  readonly persona: "plain" | "carillon-json" | "socketio" | "nats";
  /** It has requests and answers, and the echo (W5) uses them. */
  readonly hasRequests: boolean;
  /** It may agree on permessage-deflate. */
  readonly compresses: boolean;
  /** @throws {Unavailable} when it is not to be had on this machine */
  prepare(tools: Tools, node: string): Promise<Launch>;
}

const plain = { persona: "plain", hasRequests: false, compresses: false } as const;

/** Carillon first; the others in the order of the table. */
export const rivals: readonly Rival[] = [
  {
    name: "carillon",
    persona: "carillon-json",
    hasRequests: true,
    compresses: true,
    prepare: async (_, node) => (port, flags) =>
      script(node, flags.includes("--dialects") ? "dialects.ts" : "carillon.ts")(port, flags),
  },
  { ...plain, name: "ws", compresses: true, prepare: async (_, node) => script(node, "ws.mjs") },
  { ...plain, name: "ws-corked", prepare: async (_, node) => script(node, "ws-corked.mjs") },
  {
    name: "socket.io",
    persona: "socketio",
    hasRequests: true,
    compresses: true,
    prepare: async (_, node) => script(node, "socket-io.mjs"),
  },
  { ...plain, name: "bun", compresses: true, prepare: async (tools) => script(await tools.bun(), "bun.ts") },
  { ...plain, name: "nchan", prepare: nchan },
  { name: "nats", persona: "nats", hasRequests: false, compresses: false, prepare: nats },
  { ...plain, name: "floor", prepare: (tools) => floor(tools) },
  // Carillon's messages for the same payload are so long: id, time and sender are in them.
  { ...plain, name: "floor-310", prepare: (tools) => floor(tools, 310) },
];

/** Those of `--quick`. */
export const quickRivals: readonly string[] = ["carillon", "ws", "socket.io", "floor"];

function script(program: string, file: string): Launch {
  const path = join(import.meta.dirname, "servers", file);
  return (port, flags) => ({ program, args: [path, String(port), ...flags], env: { NODE_ENV: "production" } });
}

async function floor(tools: Tools, leastBytes = 0): Promise<Launch> {
  const program = await tools.compile("servers/floor.c");
  return (port) => ({ program, args: [String(port), String(leastBytes)] });
}

async function nchan(tools: Tools): Promise<Launch> {
  const program = await tools.debian("nginx");
  const module = await tools.nchanModule();
  const folder = join(tools.folder, "nchan");
  await mkdir(folder, { recursive: true });
  // Nchan makes nginx want its compiled-in temporary folders, whatever the configuration says.
  const wanted = "/var/lib/nginx";
  await mkdir(wanted, { recursive: true }).catch(() => {
    throw new Unavailable(`nchan needs the folder ${wanted}: apt-get install nginx-common`);
  });
  return async (port) => {
    const file = join(folder, "nginx.conf");
    await writeFile(file, nginxConfig(port, folder, module));
    return { program, args: ["-p", folder, "-e", "stderr", "-c", file] };
  };
}

function nginxConfig(port: number, folder: string, module: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `  ${kind}_temp_path ${folder}/${kind};`)
    .join("\n");
  return `load_module ${module};
daemon off;
master_process off;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 20000; }
http {
  access_log off;
${temporary}
  nchan_shared_memory_size 256M;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location ~ ^/r/(.+)$ {
      nchan_pubsub websocket;
      nchan_channel_id $1;
      nchan_store_messages off;
    }
  }
}
`;
}

async function nats(tools: Tools): Promise<Launch> {
  const program = await tools.debian("nats-server");
  const file = join(tools.folder, "nats.conf");
  return async (port) => {
    const plainPort = await freePort();
    await writeFile(
      file,
      `host: "127.0.0.1"\nport: ${plainPort}\nwebsocket { host: "127.0.0.1", port: ${port}, no_tls: true }\n`,
    );
    return { program, args: ["-c", file], env: { GOMAXPROCS: "1" } };
  };
}
