/** Where a run keeps its files. `espalier/node` has `directory(path)`; a browser may bring its own. */
export interface Store {
  /** How the user knows it, for messages. */
  readonly location: string;
  read(name: string): Promise<Uint8Array | undefined>;
  /** Replaces a file atomically: after a crash it is the old one or the new one, never a part. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Adds to the end of a file. */
  append(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
  list(): Promise<readonly string[]>;
}
