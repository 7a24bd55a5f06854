/** How long runs take. */
import { type DeviceTensors, disposeAll, type Engine, type Session } from "../../engine/engine.ts";

/**
 * Milliseconds that work on an engine takes. On one thread of the processor those that were computed, so that other programs count
 * little; else those that passed, as threads that wait for each other compute too.
 */
export async function timeOfWork<T>(
  engine: Engine,
  work: () => Promise<T>,
): Promise<{ readonly ms: number; readonly made: T }> {
  const counts = engine.threads === 1 && engine.device === "cpu" && engine.computed !== undefined;
  const now = () => (counts ? engine.computed!() : performance.now());
  const start = now();
  const made = await work();
  return { ms: now() - start, made };
}

/** Milliseconds of a run whose results nobody wants. */
export async function timeOfRun(engine: Engine, session: Session, given: DeviceTensors): Promise<number> {
  const { ms, made } = await timeOfWork(engine, () => session.run(given));
  disposeAll(engine, made);
  return ms;
}
