/** A run as a live page, for the machine that it runs on alone. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { EspalierError, UsageError } from "../error.ts";
import { aFunction, aNumber, anObject, aText, maybe, wants } from "../given.ts";
import { named, say } from "../message.ts";
import type { EpochMetrics } from "../report/results.ts";
import type { Run } from "../train/run.ts";
import { liveContent, livePage } from "./live-page.ts";
import { systemReason } from "./system-error.ts";

/** Options of `watch`. */
export interface WatchOptions {
  /** 0 … 65535. Default 0: one that is free. */
  readonly port?: number;
  /** Of the page. Default: the model's name on the data's. */
  readonly title?: string;
  /** Hears the page's address before the run begins. */
  readonly onAddress?: (url: string) => void;
  /** What is iterated in place of the run itself, such as `tensorboard(run, …)`. */
  readonly epochs?: AsyncIterable<EpochMetrics>;
}

const LOOPBACK = "127.0.0.1";
/** How long those who look have to take the last words. */
const PATIENCE_MS = 500;

/**
 * Trains a run and shows its charts as a page that follows it, on this machine's loopback only. Iterate it in place of the run:
 * ```ts
 * for await (const epoch of watch(run, { onAddress: console.log })) console.log(epoch.loss);
 * ```
 * The page goes with the run.
 * @throws as the run itself; UsageError for a port out of range; EspalierError when the port cannot be had
 */
export async function* watch(run: Run, options: WatchOptions = {}): AsyncGenerator<EpochMetrics> {
  wants(
    "watch",
    ["run", anObject, run],
    ["run", anObject, run, "options"],
    ["options", anObject, options],
    ["port", maybe(aNumber), options, "port"],
    ["title", maybe(aText), options, "title"],
    ["onAddress", maybe(aFunction), options, "onAddress"],
    ["epochs", maybe(anObject), options, "epochs"],
  );
  const { port = 0, title = `${run.model.graph.name} on ${run.data.name}`, onAddress, epochs = run } = options;
  if (!(Number.isInteger(port) && port >= 0 && port < 65536))
    throw new UsageError("out-of-range", say`${named("port")} is out of range`, { got: port, wanted: "0 … 65535" });
  const live = new LiveServer(title);
  const url = await live.open(port);
  onAddress?.(url);
  try {
    await live.show(run);
    for await (const epoch of epochs) {
      await live.show(run);
      yield epoch;
    }
  } finally {
    await live.close(run.finished);
  }
}

/** Serves the page, and tells those who look when it changes. */
class LiveServer {
  private readonly title: string;
  private readonly server: Server;
  private readonly watching = new Set<ServerResponse>();
  private hosts: readonly string[] = [];
  private content = "";

  constructor(title: string) {
    this.title = title;
    this.server = createServer((request, response) => this.answer(request, response));
  }

  /** @returns its address */
  async open(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      const reason = (e: Error) => systemReason(e, "write");
      const fix = "choose another port, or none: a free one is taken";
      this.server.once("error", (e) =>
        reject(new EspalierError("system", "cannot serve the live page", { port, reason: reason(e) }, fix)),
      );
      this.server.listen(port, LOOPBACK, resolve);
    });
    const at = (this.server.address() as AddressInfo).port;
    this.hosts = [`${LOOPBACK}:${at}`, `localhost:${at}`];
    return `http://${this.hosts[0]}/`;
  }

  async show(run: Run): Promise<void> {
    this.content = (await liveContent(run)).text;
    this.tell("message", this.content);
  }

  private tell(event: string, data: string, to: Iterable<ServerResponse> = this.watching): void {
    for (const response of to) response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  private answer({ method, url, headers }: IncomingMessage, response: ServerResponse): void {
    if (!this.hosts.includes(headers.host ?? ""))
      response.writeHead(403).end(); // a page elsewhere whose name leads here
    else if (method !== "GET") response.writeHead(405).end();
    else if (url === "/live") this.follow(response);
    else if (url === "/") this.give(response);
    else response.writeHead(404).end();
  }

  private give(response: ServerResponse): void {
    const { text, policy } = livePage(this.title, this.content, hashOf);
    response.writeHead(200, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "cache-control": "no-store",
    });
    response.end(text);
  }

  private follow(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    this.watching.add(response);
    response.on("close", () => this.watching.delete(response));
    this.tell("message", this.content, [response]);
  }

  /** Those who read hear that it is over; a page that does not read, or asks for nothing, is not waited for. */
  async close(finished: boolean): Promise<void> {
    this.tell("over", finished ? "The run is over." : "The run was stopped.");
    const heard = [...this.watching].map((response) => new Promise<void>((done) => response.end(done)));
    let patience: NodeJS.Timeout | undefined;
    await Promise.race([Promise.all(heard), new Promise((done) => (patience = setTimeout(done, PATIENCE_MS)))]);
    clearTimeout(patience);
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }
}

const hashOf = (text: string): string => `sha256-${createHash("sha256").update(text).digest("base64")}`;
