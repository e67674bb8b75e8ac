import { render } from "preact";
import { App } from "./app.tsx";
import { LanguagesPage } from "./languages/page.tsx";
import { channelInAddress, createVisit } from "./visit.ts";
import { createWireLog } from "./wire-log.ts";

const root = document.getElementById("app")!;

if (location.pathname === "/languages") render(<LanguagesPage known={channelInAddress()} />, root);
else {
  const wireLog = createWireLog();
  const visit = createVisit(wireLog);
  render(<App visit={visit} wireLog={wireLog} />, root);
  visit.begin();
}
