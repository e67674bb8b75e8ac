import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runGenerator } from "../../bench/generator.ts";
import { onPath, Tools } from "../../bench/tools.ts";
import { goWs } from "../../src/dialects/go-ws/index.ts";
import { createServer, native, type Server } from "../../src/index.ts";

const canRun = process.platform === "linux" && (onPath("cc") ?? onPath("gcc")) !== undefined;

describe.skipIf(!canRun)("the load generator (Linux with a C compiler)", () => {
  let folder: string;
  let generator: string;
  let server: Server;
  let port: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "carillon-generator-"));
    generator = await new Tools(folder).compile("generator/generator.c");
    server = createServer({ endpoints: { "/carillon": native({ compressFromBytes: 1 }), "/ws": goWs() } });
    server.on("connect", async ({ connection }) => {
      if (connection.handshake.path !== "/ws") return;
      await connection.subscribe("room0");
      connection.send("ready");
    });
    server.on("echo", ({ data, reply }) => reply(data));
    ({ port } = await server.listen({ port: 0, host: "127.0.0.1" }));
  }, 60_000);

  afterAll(async () => {
    await server?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  const generate = (...args: readonly string[]) =>
    runGenerator(generator, ["--port", String(port), "--warmup", "0.1", "--seconds", "0.5", ...args]);

  it.each([
    ["JSON", ["--persona", "carillon-json", "-M", "50", "-W", "16"], 50],
    ["MessagePack", ["--persona", "carillon-msgpack", "-M", "50", "-W", "16"], 50],
    ["both in one channel", ["--persona", "carillon-mixed", "-M", "50", "-B", "10"], 50],
    ["many channels", ["--persona", "carillon-json", "-R", "10", "-M", "5", "-W", "16", "--extra", "3"], 5],
    ["a rate", ["--persona", "carillon-json", "-M", "20", "-r", "50", "--sample", "1"], 20],
    ["compression", ["--persona", "carillon-json", "-M", "20", "-W", "4", "--deflate"], 20],
    ["listeners of another dialect", ["--persona", "carillon-json", "-M", "20", "-W", "16", "--listen", "/ws,/ws"], 20],
    ["ping-pong", ["--persona", "carillon-json", "--mode", "pp", "-R", "10", "-M", "2"], 2],
    ["echo", ["--persona", "carillon-json", "--mode", "pp", "-R", "10", "-M", "1", "--request"], 1],
  ])("sees every publication reach every subscriber once: %s", async (_, args, members) => {
    const { total, count, errors, closed } = await generate(...args);
    expect(total!.publications).toBeGreaterThan(10);
    expect(total!.deliveries).toBe(total!.publications * members);
    expect(count).toBeGreaterThan(0);
    expect({ errors, closed }).toEqual({ errors: 0, closed: 0 });
  });

  it("measures latency, the server's CPU and its memory", async () => {
    const facts = await generate("--persona", "carillon-json", "-M", "20", "--pids", String(process.pid));
    expect(facts.p50Us).toBeGreaterThan(0);
    expect(facts.p99Us).toBeGreaterThanOrEqual(facts.p50Us);
    expect(facts.rssKb).toBeGreaterThan(1_000);
    expect(facts.cpuUs).toBeCloseTo(facts.cpuUserUs + facts.cpuSystemUs, 2);
  });

  it("opens and resets connections", async () => {
    const { count, mode } = await generate("--persona", "carillon-json", "--mode", "accept", "--slots", "4");
    expect(mode).toBe("accept");
    expect(count).toBeGreaterThan(4);
  });

  it("fails when nobody listens, or the path is wrong", async () => {
    await expect(runGenerator(generator, ["--port", "1", "-M", "1"])).rejects.toThrow("connect");
    await expect(generate("--persona", "carillon-json", "--path", "/nowhere")).rejects.toThrow("no upgrade");
  });

  it.each([
    [["--mode", "dance"], `--mode: "dance"`],
    [["--persona", "nobody"], `--persona: "nobody"`],
    [["-M", "many"], `--members: "many"`],
    [["--payload", "1"], `--payload: "1"`],
    [["--seconds", "0"], `--seconds: "0"`],
    [["--mode", "pp", "--deflate"], "--deflate"],
    [["--request"], "--request needs"],
    [["--extra", "5"], "--extra is Carillon's"],
    [["what"], `unknown word: "what"`],
  ])("refuses %j with exit code 2", async (args, complaint) => {
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(generator, args, (error, _, text) => resolve({ code: error?.code, stderr: text }));
    });
    expect(code).toBe(2);
    expect(stderr).toContain(complaint);
  });
});
