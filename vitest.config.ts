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
 * What is tried once more where prototypes cannot be reached, and where they cannot be changed: whatever makes something of
 * what strangers send. The hostile inputs go through every dialect, transport and request; the others have names that
 * strangers choose as keys. Their own tests of everything else would find nothing more, and twice take their time.
 */
const hardened = {
  include: [
    "test/hostile/**/*.test.ts",
    "test/dialects/native/**/*.test.ts",
    "test/auth/**/*.test.ts",
    "test/protocol/vectors.test.ts",
    "test/engine/{names,channels,presence,state,requests,payload-size}.test.ts",
  ],
  // Volume, and bits of frames that no prototype has anything to do with; both take long.
  exclude: ["test/hostile/{volume,frames}.test.ts"],
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
