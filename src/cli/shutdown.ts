import type { Log } from "./log.ts";
import type { Serving } from "./serve.ts";

/** Ends the process in good order when it is told to, or when something was thrown that nobody caught. */
export function endOn(process: NodeJS.Process, serving: Pick<Serving, "stop">, log: Log): void {
  let isEnding = false;

  const end = (code: number): void => {
    isEnding = true;
    const stopped = (): never => {
      log.info({}, "stopped");
      process.exit(code);
    };
    serving.stop().then(stopped, (error: unknown) => {
      log.error({ error }, "could not stop in good order");
      process.exit(1);
    });
  };

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (isEnding) process.exit(1);
      log.info({ signal }, "stopping");
      end(0);
    });
  }
  const crashes = {
    uncaughtException: "something was thrown that nobody caught",
    unhandledRejection: "a promise was rejected and nobody handled it",
  };
  for (const [event, meaning] of Object.entries(crashes)) {
    process.on(event, (error: unknown) => {
      log.error({ error }, meaning);
      if (!isEnding) end(1);
    });
  }
}
