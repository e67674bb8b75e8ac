/** What stands on a client's list: deliveries by their number, and in between what else the server answers. */
export const told = {
  delivery: (number: number): number => number,
  subscribed: (channel: number): number => -1 - channel,
  unsubscribed: (channel: number): number => -1_001 - channel,
  published: (ref: number): number => -10_001 - ref,
};
