/** The live page, as a browser on this machine and one from elsewhere see it. */
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { Window } from "happy-dom";
import { expect, test } from "vitest";
import { data, model, options } from "../../test/support/small-run.ts";
import { constant } from "../optim/schedule.ts";
import type { TrainOptions } from "../train/options.ts";
import { train } from "../train/train.ts";
import { livePage } from "./live-page.ts";
import { watch } from "./watch.ts";

const run = (more: Partial<TrainOptions> = {}) =>
  train(model(), data, options({ epochs: 3, schedule: constant({ lr: 0.1 }), ...more }));

/** The answer to a request, as far as it has come when it ends. */
const answer = (url: string, how: { method?: string; host?: string } = {}) =>
  new Promise<{ status: number; text: string; policy: unknown }>((resolve, reject) => {
    const headers = how.host === undefined ? {} : { host: how.host };
    const sent = request(url, { method: how.method ?? "GET", headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode!, text, policy: response.headers["content-security-policy"] }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });

test("the page shows what is there, says each epoch to those who look, and goes with the run", async () => {
  let url = "";
  let followed: ReturnType<typeof answer> | undefined;
  const pages: string[] = [];
  for await (const epoch of watch(run(), { title: "<b>my run</b>", onAddress: (at) => (url = at) })) {
    followed ??= answer(`${url}live`);
    const { status, text, policy } = await answer(url);
    expect(status).toBe(200);
    expect(policy).toMatch(/^default-src 'none'; .*script-src 'sha256-/);
    pages.push(text);
    expect(text).toContain(`${epoch.epoch} epoch`);
  }
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(pages[2]).toContain("&lt;b>my run&lt;/b>".replaceAll(">", "&gt;"));
  expect(pages[2].match(/<svg/g)).toHaveLength(3);
  const events = (await followed!).text;
  expect(events).toContain("2 epochs of 3");
  expect(events).toContain("3 epochs of 3");
  expect(events).toContain('event: over\ndata: "The run is over."');
  await expect(answer(url)).rejects.toThrow("ECONNREFUSED");
});

test("the script puts what comes in its place, and says when the run is over", () => {
  const { text, policy } = livePage(
    { title: "title", lead: "" },
    "<p>epoch 6</p>",
    (script) => `hash of ${script.length}`,
  );
  const window = new Window();
  window.document.write(text);
  const script = window.document.querySelector("script")!.textContent;
  expect(policy).toContain(`script-src 'hash of ${script.length}'`);
  const said: Record<string, (e: { data: string }) => void> = {};
  class Source {
    set onmessage(heard: (e: { data: string }) => void) {
      said["message"] = heard;
    }
    addEventListener(name: string, heard: (e: { data: string }) => void) {
      said[name] = heard;
    }
    close() {}
  }
  new Function("document", "EventSource", script)(window.document, Source);
  const { textContent: before } = window.document.getElementById("live")!;
  said["message"]({ data: JSON.stringify("<p>epoch 7</p>") });
  said["over"]({ data: JSON.stringify("The run is over.") });
  expect([before, window.document.getElementById("live")!.textContent]).toEqual(["epoch 6", "epoch 7"]);
  expect(window.document.getElementById("state")!.textContent).toBe("The run is over.");
});

test("others are refused: another host's name, another method, another path", async () => {
  let url = "";
  for await (const _ of watch(run({ epochs: 1 }), { onAddress: (at) => (url = at) })) {
    expect((await answer(url, { host: "example.org" })).status).toBe(403);
    expect((await answer(url, { method: "POST" })).status).toBe(405);
    expect((await answer(`${url}../etc/passwd`)).status).toBe(404);
  }
});

test("a loop that is left, and a run that fails, leave no server behind", async () => {
  let url = "";
  for await (const _ of watch(run(), { onAddress: (at) => (url = at) })) break;
  await expect(answer(url)).rejects.toThrow("ECONNREFUSED");
});

test("a run does not wait for pages that are open: one that reads, one that stopped reading, one that asks for half of something", async () => {
  const sockets: Socket[] = [];
  const open = (port: string, text: string) =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), "127.0.0.1", () => socket.write(text, () => resolve()));
      socket.on("error", reject).pause();
      sockets.push(socket);
    });
  let url = "";
  let followed: ReturnType<typeof answer> | undefined;
  for await (const epoch of watch(run({ epochs: 1 }), { onAddress: (at) => (url = at) })) {
    expect(epoch.epoch).toBe(1);
    const { host, port } = new URL(url);
    followed = answer(`${url}live`);
    await open(port, `GET /live HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await open(port, "GET / HTTP/1.1\r\n");
    await answer(url);
  }
  expect((await followed!).text).toContain("The run is over.");
  await expect(answer(url)).rejects.toThrow("ECONNREFUSED");
  for (const socket of sockets) socket.destroy();
});

test("a port that is taken or is none", async () => {
  let url = "";
  for await (const _ of watch(run({ epochs: 1 }), { onAddress: (at) => (url = at) })) {
    const port = Number(new URL(url).port);
    await expect(watch(run(), { port }).next()).rejects.toThrow(/serve the live page[\s\S]*port +\d+/);
  }
  await expect(watch(run(), { port: 70000 }).next()).rejects.toThrow("port is out of range");
});
