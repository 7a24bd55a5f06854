/** A live page, for the machine that it is made on alone. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { EspalierError, UsageError } from "../error.ts";
import { named, say } from "../message.ts";
import { livePage } from "./live-page.ts";
import { systemReason } from "./system-error.ts";

const LOOPBACK = "127.0.0.1";
/** How long those who look have to take the last words. */
const PATIENCE_MS = 500;

/** Serves the page, and tells those who look when it changes. */
export class LiveServer {
  private readonly title: string;
  private readonly lead: string;
  private readonly server: Server;
  private readonly watching = new Set<ServerResponse>();
  private hosts: readonly string[] = [];
  private content = "";

  constructor(title: string, lead: string) {
    this.title = title;
    this.lead = lead;
    this.server = createServer((request, response) => this.answer(request, response));
  }

  /** @returns its address. @throws UsageError for a port out of range; EspalierError when it cannot be had */
  async open(port: number): Promise<string> {
    if (!(Number.isInteger(port) && port >= 0 && port < 65536))
      throw new UsageError("out-of-range", say`${named("port")} is out of range`, { got: port, wanted: "0 … 65535" });
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

  /** Whether somebody looks now. */
  get isWatched(): boolean {
    return this.watching.size > 0;
  }

  /** @param content markup, in the place of what was there */
  show(content: string): void {
    this.content = content;
    this.tell("message", content);
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
    const { text, policy } = livePage({ title: this.title, lead: this.lead }, this.content, hashOf);
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
  async close(last: string): Promise<void> {
    this.tell("over", last);
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
