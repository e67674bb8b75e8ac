import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { dialectNames } from "../../src/cli/dialects.ts";
import { settings } from "../../src/cli/settings.ts";
import { run, start } from "./command.ts";

describe("--help and --version", () => {
  test("--help tells every option with its default and its variables, and exits with 0", async () => {
    const { code, stdout, stderr } = await run(["--help"]);
    const words = stdout.replaceAll(/\s+/g, " ");
    for (const { flag, env, fallback } of Object.values(settings)) {
      expect(words).toContain(flag);
      for (const variable of env) expect(words).toContain(variable);
      if (typeof fallback === "number" || typeof fallback === "string") expect(words).toContain(`default: ${fallback}`);
    }
    expect(words).toContain("--config <file>");
    expect(words).toContain("CARILLON_CONFIG");
    expect(words).toContain("Examples:");
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  test.each([[["serve", "--help"]], [["-h"]], [["serve", "-h"]]])("%j says the same", async (args) => {
    expect((await run(args)).stdout).toBe((await run(["--help"])).stdout);
  });

  test("--version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect(await run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("what is not understood is named in one line, with exit code 2", () => {
  test.each([
    [["--colour"], "unknown option '--colour'; see carillon --help"],
    [["--prot", "1"], "unknown option '--prot' (Did you mean --port?); see carillon --help"],
    [["--port"], "option '--port <number>' argument missing; see carillon --help"],
    [["ring"], 'unknown command "ring"; there is serve; see carillon --help'],
    [["serve", "lobby"], 'serve takes no "lobby"; see carillon --help'],
    [["--port", "http"], '--port must be a whole number from 0 to 65535, not "http"'],
    [["--port", "65536"], '--port must be a whole number from 0 to 65535, not "65536"'],
    [["--port", "-1"], '--port must be a whole number from 0 to 65535, not "-1"'],
    [["--port", "1e3"], '--port must be a whole number from 0 to 65535, not "1e3"'],
    [["--host", ""], '--host must be an address or a host name, not ""'],
    [["--max-message-bytes", "0"], '--max-message-bytes must be a whole number of at least 1, not "0"'],
    [["--log-level", "loud"], '--log-level must be one of debug, info, warn, error, silent, not "loud"'],
    [["--origins", "app.example.com"], 'origins: "app.example.com" is not an origin such as "https://app.example.com"'],
    [["--dialects", "socket.io"], `--dialects must be a list of ${dialectNames.join(", ")}, not "socket.io"`],
    [["--dialects", ","], `--dialects must be a list of ${dialectNames.join(", ")}, not ","`],
    [["--tls-cert", "cert.pem"], "--tls-cert needs --tls-key too"],
    [["--tls-key", "key.pem"], "--tls-key needs --tls-cert too"],
  ])("%j", async (args, complaint) => {
    expect(await run(args)).toEqual({ code: 2, stdout: "", stderr: `carillon: ${complaint}\n` });
  });

  test.each([
    ["CARILLON_PORT", "many", "a whole number from 0 to 65535"],
    ["PORT", "3.5", "a whole number from 0 to 65535"],
    ["CARILLON_DEMO", "no", "true or false"],
    ["CARILLON_MAX_MESSAGE_BYTES", "64k", "a whole number of at least 1"],
    ["CARILLON_LOG_LEVEL", "trace", "one of debug, info, warn, error, silent"],
  ])("%s=%s", async (variable, text, means) => {
    const { code, stderr } = await run([], { [variable]: text });
    expect(stderr).toBe(`carillon: ${variable} must be ${means}, not "${text}"\n`);
    expect(code).toBe(2);
  });
});

describe("starting", () => {
  test("serve is what it does without a command, and one line of the log has the addresses", async () => {
    const { url, log, stderr } = await start();
    const paths = ["carillon", "socket", "ws", "broadcast", "broadcasting", "ao", "rtc"];
    const endpoints = paths.map((path) => `${url.replace("http", "ws")}${path}`);
    expect(log.filter(({ msg }) => msg === "listening")).toEqual([
      expect.objectContaining({ level: "info", url, endpoints }),
    ]);
    await expect.poll(stderr).toContain("Stop with");
    expect(stderr()).toContain(`Open ${url} in two windows and write to yourself, or see six languages talk at `);
    for (const endpoint of endpoints) expect(stderr()).toContain(`  ${endpoint} (`);
  });

  test("one warning says that everyone may connect", async () => {
    const { log } = await start();
    expect(log.filter(({ level }) => level === "warn")).toEqual([
      expect.objectContaining({ msg: expect.stringContaining("set authenticate in --config") as string }),
    ]);
  });

  test("a port that is in use is named, with exit code 1", async () => {
    const { port } = await start();
    const { code, stderr } = await run(["--port", String(port), "--log-level", "silent"]);
    expect(stderr).toBe(`carillon: port ${port} is in use; choose another one, or 0 for any free one\n`);
    expect(code).toBe(1);
  });

  test("an address that is not this machine's is named, with exit code 1", async () => {
    const { code, stderr } = await run(["--host", "192.0.2.1", "--port", "0", "--log-level", "silent"]);
    expect(stderr).toBe('carillon: "192.0.2.1" is no address of this machine\n');
    expect(code).toBe(1);
  });
});
