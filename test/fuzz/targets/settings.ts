import { readCommandLine } from "../../../src/cli/command-line.ts";
import { resolveSettings, type Settings } from "../../../src/cli/settings.ts";
import { UsageError } from "../../../src/cli/usage-error.ts";
import { clientAddress } from "../../../src/server/client-address.ts";
import { originRule } from "../../../src/server/origin.ts";
import { CarillonError } from "../../../src/errors/carillon-error.ts";
import { declared, must, textOf, texts, type Target } from "../target.ts";

/** A command line, with an argument in each line, and the same words as values of the environment and a config file. */
export const settings: Target = {
  name: "settings",
  corpus: texts(
    "serve\n--port\n9000\n--host\n0.0.0.0\n--origins\nhttps://app.example.com,*",
    "--tls-cert\ncert.pem\n--tls-key=key.pem\n--max-message-bytes\n65536\n--log-level=warn\n--no-demo\n--metrics",
    '{"port":9000,"origins":["https://a.example"],"demo":false,"logLevel":"info","trustProxy":["10.0.0.0/8"]}',
  ),
  words: [
    "--port",
    "--",
    "=",
    "\n",
    "--config",
    "-p",
    "serve",
    "true",
    '{"port":',
    "10.0.0.0/8",
    "::/0",
    "/33",
    "https://",
  ],
  executions: 1_000,
  run(input) {
    const text = textOf(input);
    const args = text.split("\n");
    // These print, and nothing else.
    if (args.some((arg) => arg.startsWith("--help") || arg.startsWith("--version"))) return;
    const line = declared(() => readCommandLine(args), isUsageError);
    const json = declared(
      () => JSON.parse(text) as unknown,
      (error) => error instanceof SyntaxError,
    );
    const config = typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
    const [first = "", second = ""] = args;
    const env = {
      PORT: first,
      CARILLON_PORT: second,
      CARILLON_ORIGINS: first,
      CARILLON_DEMO: second,
      CARILLON_HOST: first,
    };
    for (const sources of [
      { flags: line?.flags ?? {}, env: {}, config: {} },
      { flags: {}, env, config: {} },
      { flags: {}, env: {}, config },
    ]) {
      const resolved = declared(() => resolveSettings({ ...sources, configName: "fuzz.json" }), isUsageError);
      if (resolved) checkSettings(resolved);
    }
    const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
    declared(() => clientAddress(args, logger), isOptionInvalid);
    declared(() => originRule(args), isOptionInvalid);
  },
};

function checkSettings({ port, origins, demo }: Settings): void {
  must(Number.isSafeInteger(port) && port >= 0 && port <= 65_535, `port ${port}`);
  must((origins === undefined || Array.isArray(origins)) && typeof demo === "boolean", "settings of another kind");
}

function isUsageError(error: unknown): boolean {
  return error instanceof UsageError;
}

function isOptionInvalid(error: unknown): boolean {
  return error instanceof CarillonError && error.code === "option-invalid";
}
