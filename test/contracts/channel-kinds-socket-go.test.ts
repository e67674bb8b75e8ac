import { describe, test } from "vitest";
import { channelKindsContract } from "../../src/testing/index.ts";
import { socketGoKinds } from "./socket-go-kinds.ts";

channelKindsContract({ describe, test }, socketGoKinds);
