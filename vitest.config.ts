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

const config: ViteUserConfig = {
  test: {
    reporters: ["default", "./test/tally.ts"],
    projects: [
      { test: { name: "source", include: ["test/**/*.test.ts"], exclude: Object.values(apart), testTimeout: 10_000 } },
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
