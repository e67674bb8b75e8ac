import { describe, expect, it } from "vitest";
import { readOptions, UsageError } from "../../bench/options.ts";

describe("the options of the benchmark", () => {
  it("measure everything three times, and then the results are kept", () => {
    expect(readOptions([])).toMatchObject({ quick: false, runs: 3, seconds: 3, isComplete: true });
  });

  it("name workloads and rivals in any case; Carillon is always there", () => {
    const options = readOptions(["--only", "w16, idle", "--rivals", "WS"]);
    expect(options).toMatchObject({ workloads: ["W16", "idle"], rivals: ["carillon", "ws"], isComplete: false });
  });

  it("have a quick run", () => {
    expect(readOptions(["--quick", "--runs", "2"])).toMatchObject({
      rivals: ["carillon", "ws", "socket.io", "floor"],
      runs: 2,
      seconds: 1,
      isComplete: false,
    });
  });

  it.each([
    ["an unknown workload", ["--only", "W99"], "W99"],
    ["an unknown rival", ["--rivals", "ws,nobody"], "nobody"],
    ["no run", ["--runs", "0"], "--runs"],
    ["a number that is none", ["--seconds", "long"], "long"],
    ["an unknown option", ["--fast"], "--fast"],
  ])("refuse %s, and name it", (_, words, named) => {
    expect(() => readOptions(words)).toThrow(UsageError);
    expect(() => readOptions(words)).toThrow(named);
  });
});
