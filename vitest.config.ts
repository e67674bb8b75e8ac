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

/** What is tried once more where prototypes cannot be reached, and where they cannot be changed. */
const hardened = {
  include: ["test/{hostile,engine,dialects,server}/**/*.test.ts"],
  // Measures time, which is measured once already.
  exclude: ["test/dialects/json.test.ts"],
  testTimeout: 10_000,
};

const config: ViteUserConfig = {
  test: {
    reporters: ["default", "./test/tally.ts", "./test/hostile/table.ts"],
    projects: [
      { test: { name: "source", include: ["test/**/*.test.ts"], exclude: Object.values(apart), testTimeout: 10_000 } },
      { test: { ...hardened, name: "no-proto", execArgv: ["--disable-proto=throw"] } },
      { test: { ...hardened, name: "frozen", setupFiles: ["test/setup/frozen.ts"] } },
      { test: { name: "package", include: [apart.package], testTimeout: 120_000, hookTimeout: 120_000 } },
      { test: { name: "cli", include: [apart.cli], testTimeout: 30_000 } },
      { test: { name: "load", include: [apart.load], testTimeout: 120_000 } },
      { test: { name: "faults", include: [apart.faults], testTimeout: 120_000 } },
      { test: { name: "simulation", include: [apart.simulation], testTimeout: 300_000 } },
      // The first run may have to install a browser.
      { test: { name: "browser", include: [apart.browser], testTimeout: 60_000, hookTimeout: 600_000 } },
      { test: { name: "runtimes", include: [apart.runtimes], testTimeout: 180_000, hookTimeout: 120_000 } },
    ],
  },
};

export default config;
