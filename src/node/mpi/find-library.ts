/** Which file the MPI library is: that of whatever started the ranks, where several are installed. */
import { EspalierError } from "../../error.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where each may be, in this order; and how its `mpirun` tells a process how many there are. */
const KINDS = [
  {
    told: "OMPI_COMM_WORLD_SIZE",
    names: { linux: ["libmpi.so.40"], darwin: ["libmpi.dylib", "/opt/homebrew/lib/libmpi.dylib"] },
  },
  {
    told: "PMI_SIZE", // MPICH, Intel MPI, MVAPICH
    names: { linux: ["libmpich.so.12", "libmpi.so.12"], darwin: ["libmpich.dylib"] },
  },
  { told: undefined, names: { linux: ["libmpi.so"], darwin: ["/usr/local/lib/libmpi.dylib"] } },
] as const;

/** The usual names of the library, that of the ranks' own `mpirun` first. */
export function libraryNames(platform: NodeJS.Platform, env: Environment): readonly string[] {
  if (platform !== "linux" && platform !== "darwin") return [];
  const started = KINDS.filter(({ told }) => told !== undefined && env[told] !== undefined);
  return [...new Set([...started, ...KINDS])].flatMap(({ names }) => names[platform]);
}

/** @throws EspalierError where `mpirun` started several processes, and a library of another kind takes each for the only one */
export function checkStarted(size: number, library: string, env: Environment): void {
  for (const { told } of KINDS) {
    const started = told === undefined ? 1 : Number(env[told] ?? 1);
    if (size === 1 && started > 1)
      throw new EspalierError(
        "conflict",
        "the MPI library is of another kind than the mpirun that started the ranks",
        { library, got: "1 rank", wanted: `${started} ranks` },
        "start them with the mpirun of that library, or say in ESPALIER_MPI which one is to be taken",
      );
  }
}
