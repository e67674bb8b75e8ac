import type { ViteUserConfig } from "vitest/config";

/** These look at `dist/`, so `npm run build` comes before them, or they are heavy. */
const apart = {
  package: "test/package/**/*.test.ts",
  runtimes: "test/runtimes/**/*.test.ts",
  cli: "test/{cli,examples}/**/*.test.ts",
  browser: "test/browser/**/*.test.ts",
  load: "test/load/**/*.test.ts",
  faults: "test/faults/**/*.test.ts",
  simulation: "test/simulation/**/*.test.ts",
};

/**
 * Everything is tried once more where `__proto__` is out of reach, and where `Object.prototype` is frozen. What is listed
 * here is not; single tests that a tool cannot run there are listed, with their reasons, in `test/setup/frozen.ts`.
 */
const notHardened = [
  // Long, and of volume or of time: what they say of prototypes, shorter tests of the same code say too.
  "test/hostile/{volume,frames}.test.ts",
  "test/fuzz/{fuzz,complexity}.test.ts",
  "test/contracts/{channel-kinds,transports}.test.ts",
  "test/transports/websocket/websocket.test.ts",
  "test/dialects/socket-go/{rooms,shutdown}.test.ts",
  "test/dialects/go-ws/hub.test.ts",
  // They read the sources, the pages or the bundles; how they do so is nobody's promise.
  "test/{architecture,documentation,production-page,protocol-page,security-checklist,security-page}.test.ts",
  "test/bench/**/*.test.ts",
  "test/client/{bundle,entry-bundles}.test.ts",
];

/** And this, only where it is frozen. */
const notFrozen = [
  // Express and Fastify cannot be loaded: ipaddr.js 2.5.0, which both need, assigns `IPv4.prototype.toString` (lib/ipaddr.js:307).
  "test/adapters/**/*.test.ts",
];

/** Every test process carries the canary, and looks for it. */
const setupFiles = ["test/setup/canary.ts"];

const source = { include: ["test/**/*.test.ts"], exclude: Object.values(apart), setupFiles, testTimeout: 10_000 };

const hardened = { ...source, exclude: [...source.exclude, ...notHardened] };

const config: ViteUserConfig = {
  test: {
    reporters: ["default", "./test/tally.ts", "./test/hostile/table.ts", "./test/canary-reporter.ts"],
    projects: [
      { test: { ...source, name: "source" } },
      { test: { ...hardened, name: "no-proto", execArgv: ["--disable-proto=throw"] } },
      {
        test: {
          ...hardened,
          name: "frozen",
          exclude: [...hardened.exclude, ...notFrozen],
          setupFiles: [...setupFiles, "test/setup/frozen.ts"],
        },
      },
      { test: { name: "package", setupFiles, include: [apart.package], testTimeout: 120_000, hookTimeout: 120_000 } },
      { test: { name: "cli", setupFiles, include: [apart.cli], testTimeout: 30_000 } },
      { test: { name: "load", setupFiles, include: [apart.load], testTimeout: 120_000 } },
      { test: { name: "faults", setupFiles, include: [apart.faults], testTimeout: 120_000 } },
      { test: { name: "simulation", include: [apart.simulation], testTimeout: 300_000 } },
      // The first run may have to install a browser.
      { test: { name: "browser", setupFiles, include: [apart.browser], testTimeout: 60_000, hookTimeout: 600_000 } },
      { test: { name: "runtimes", setupFiles, include: [apart.runtimes], testTimeout: 180_000, hookTimeout: 120_000 } },
    ],
  },
};

export default config;
