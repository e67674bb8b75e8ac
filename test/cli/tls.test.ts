import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { nodeWebSocket } from "../../src/client/node.ts";
import { run, start } from "./command.ts";

const path = mkdtempSync(join(tmpdir(), "carillon-tls-"));
const cert = join(path, "cert.pem");
const key = join(path, "key.pem");
const otherKey = join(path, "other-key.pem");
const text = join(path, "text.pem");

beforeAll(() => {
  const names = "subjectAltName=IP:127.0.0.1,DNS:localhost";
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const openssl = (...args: readonly string[]): Buffer => execFileSync("openssl", args, { stdio: "pipe" });
  openssl(...made, "-subj", "/CN=localhost", "-addext", names, "-keyout", key, "-out", cert);
  openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", otherKey);
  writeFileSync(text, "not PEM at all");
});

afterAll(() => rmSync(path, { recursive: true }));

describe("TLS", () => {
  test("serves https and wss", async () => {
    const { url, log } = await start(["--tls-cert", cert, "--tls-key", key]);
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/$/);
    expect(log.find(({ msg }) => msg === "listening")).toMatchObject({
      endpoints: expect.arrayContaining([`${url.replace("https", "wss")}carillon`]) as unknown,
    });
    const ca = readFileSync(cert);
    expect(await get(`${url}healthz`, ca)).toBe('{"status":"ok"}');
    const client = createClient(`${url}carillon`, { transports: [nodeWebSocket({ tls: { ca } })] });
    await client.channel("lobby").subscribe();
    await client.close();
  });

  test("takes its files from the environment too", async () => {
    const { url } = await start([], { CARILLON_TLS_CERT: cert, CARILLON_TLS_KEY: key });
    expect(await get(`${url}readyz`, readFileSync(cert))).toContain('"status":"ready"');
  });

  test.each([
    [join(path, "gone.pem"), key, `cannot read the certificate ${join(path, "gone.pem")}: there is no such file`],
    [cert, join(path, "gone.pem"), `cannot read the private key ${join(path, "gone.pem")}: there is no such file`],
    [path, key, `cannot read the certificate ${path}: it is a folder`],
    [text, key, `${text} is no certificate in PEM: `],
    [cert, text, `${text} is no private key in PEM: `],
    [cert, otherKey, `the private key ${otherKey} does not belong to the certificate ${cert}`],
  ])("names the file that will not do: %s and %s", async (certFile, keyFile, complaint) => {
    const { code, stderr } = await run(["--tls-cert", certFile, "--tls-key", keyFile]);
    expect(stderr.startsWith(`carillon: ${complaint}`), stderr).toBe(true);
    expect(stderr.match(/\n/g)).toHaveLength(1);
    expect(code).toBe(2);
  });
});

function get(url: string, ca: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { ca }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => (body += part));
      response.on("end", () => resolve(body));
    });
    asked.on("error", reject).end();
  });
}
