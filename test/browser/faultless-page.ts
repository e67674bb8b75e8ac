import type { Browser, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";

/** How a page is opened. */
export interface FaultlessPageOptions {
  readonly viewport?: { readonly width: number; readonly height: number } | undefined;
  /** Whether what the console says belongs to the test. */
  readonly isExpected?: ((fault: string, page: Page) => boolean) | undefined;
}

/** A page in a context of its own, on which nothing goes wrong until the test ends. */
export async function faultlessPage(
  browser: Browser,
  { viewport = { width: 1280, height: 800 }, isExpected = () => false }: FaultlessPageOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  const faults: string[] = [];
  // A Content-Security-Policy violation is an error of the console, too.
  page.on("console", (message) => {
    const isFault = ["error", "warning"].includes(message.type());
    if (isFault && !isExpected(message.text(), page)) faults.push(message.text());
  });
  page.on("pageerror", ({ message }) => faults.push(message));
  page.on("dialog", (dialog) => {
    faults.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  onTestFinished(async () => {
    await context.close();
    expect(faults).toEqual([]);
  });
  return page;
}
