import { createEcho } from "../../../src/client/go-ws/index.ts";
import { RTBroadcaster } from "../../../src/client/rtbroadcaster/index.ts";
import { connectSocketGo, socketGoPolling } from "../../../src/client/socket-go/index.ts";

/** Each says something and resolves with what came back. */
const talks = {
  "socket-go": async () => {
    const client = await connectSocketGo(`${window.endpoint}/socket`);
    const echoed = new Promise((resolve) => client.on("echo", resolve));
    client.send("say", { text: "hi" });
    const heard = await echoed;
    await client.close();
    return heard;
  },
  polling: async () => {
    const transports = [socketGoPolling({ intervalMs: 10 })];
    const client = await connectSocketGo(`${window.endpoint}/socket`, { transports });
    const echoed = new Promise((resolve) => client.on("echo", resolve));
    client.send("say", { text: "hi" });
    const heard = await echoed;
    await client.close();
    return heard;
  },
  "go-ws": () =>
    new Promise((resolve) => {
      const echo = createEcho({ url: window.endpoint });
      echo.subscribe("news").listen("headline", (data) => {
        echo.disconnect();
        resolve(data);
      });
      echo.on("connected", () => echo.channel("news").broadcast({ text: "hi" }, "headline"));
      echo.connect();
    }),
  rtbroadcaster: () =>
    new Promise((resolve) => {
      const url = `${window.endpoint.replace("http", "ws")}/broadcast`;
      const owner = new RTBroadcaster(url, (uuid) => {
        const guest = new RTBroadcaster(url, () => owner.sendAction("say", ["hi"]), undefined, undefined, undefined, {
          search: `?uuid=${uuid}`,
        });
        guest.suscribeFunc("say", (parameters) => {
          owner.close();
          resolve(parameters);
        });
      });
    }),
};

Object.assign(window, { talk: (name: keyof typeof talks) => talks[name]() });
