/** What a campaign came to, as data: counts per suite, and each fault once. */
import type { FaultKind, Report } from "./protocol.ts";

export interface SuiteCount {
  readonly suite: string;
  readonly about: string;
  cases: number;
  /** How often each outcome came; "done" and the codes of the errors that refused. */
  readonly outcomes: Record<string, number>;
  /** Processor time of all cases, and of the slowest, in seconds. */
  processorSeconds: number;
  slowestSeconds: number;
  /** Of the process that ran it. */
  peakMb: number;
}

export interface Fault {
  readonly suite: string;
  readonly kind: FaultKind;
  readonly place: string;
  /** Of the first case. */
  readonly message: string;
  readonly stack?: string;
  readonly firstCase: number;
  /** The command that runs the first case again. */
  readonly repeat: string;
  count: number;
}

/** Faults of one kind at one place of one suite are one; where the place says nothing, the words tell them apart. */
const keyOf = (suite: string, kind: string, place: string, message: string): string =>
  [
    suite,
    kind,
    place,
    kind === "difference" || place === "outside Espalier" ? message.split("\n")[0].replace(/[\d.eE+-]+/g, "#") : "",
  ].join("\n");

export class CampaignRecord {
  readonly suites = new Map<string, SuiteCount>();
  private readonly found = new Map<string, Fault>();
  private readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  get faults(): readonly Fault[] {
    return [...this.found.values()];
  }

  /** Takes down a case. @returns the fault when it is a new one */
  add(suite: { readonly name: string; readonly about: string }, report: Report): Fault | undefined {
    const { name, about } = suite;
    const count = this.suites.get(name) ?? {
      ...{ suite: name, about, cases: 0, outcomes: {} },
      ...{ processorSeconds: 0, slowestSeconds: 0, peakMb: 0 },
    };
    this.suites.set(name, count);
    const { index, outcome, found, processorMs, peakMb } = report;
    count.cases++;
    count.processorSeconds += processorMs / 1000;
    count.slowestSeconds = Math.max(count.slowestSeconds, processorMs / 1000);
    count.peakMb = Math.max(count.peakMb, peakMb);
    if (!found) {
      count.outcomes[outcome!] = (count.outcomes[outcome!] ?? 0) + 1;
      return undefined;
    }
    const key = keyOf(name, found.kind, found.place, found.message);
    const known = this.found.get(key);
    if (known) known.count++;
    else
      this.found.set(key, {
        ...{ suite: name, kind: found.kind, place: found.place, message: found.message, stack: found.stack },
        ...{ firstCase: index, repeat: repeatCommand(this.seed, name, index), count: 1 },
      });
    return known ? undefined : this.found.get(key);
  }
}

const repeatCommand = (seed: number, suite: string, index: number): string =>
  `npm run campaign -- --seed ${seed} --only ${suite} --case ${index}`;
