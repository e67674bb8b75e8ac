/** One component that is on the page. */
export interface Widget {
  readonly kind: "chat" | "people" | "typing" | "state";
  /** Tells it from others of its kind. */
  readonly id: string;
  readonly channel: string;
}

/** What a page offers to the test. */
export interface HooksPage {
  /** Has these components on the page, and no others. */
  show(widgets: readonly Widget[], isStrict?: boolean): void;
  /** Publishes, whispers: what the component's button does. */
  press(id: string): void;
}

declare global {
  interface Window {
    readonly page: HooksPage;
    readonly endpoint: string;
  }
}
