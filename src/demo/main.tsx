import { render } from "preact";
import { App } from "./app.tsx";
import { createVisit } from "./visit.ts";
import { createWireLog } from "./wire-log.ts";

const wireLog = createWireLog();
const visit = createVisit(wireLog);
render(<App visit={visit} wireLog={wireLog} />, document.getElementById("app")!);
visit.begin();
