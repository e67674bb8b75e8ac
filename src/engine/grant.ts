/** What `authorize` may answer instead of `true`: what a client may do besides being there, for as long as it stays. */
export interface Grant {
  /** It is not asked about them again, nor about what is missing, which is refused with `forbidden`. */
  readonly actions: readonly ("publish" | "whisper")[];
  /** When the client is taken out again, and told; Unix time in milliseconds. Absent: never. */
  readonly expiresAt?: number;
}
