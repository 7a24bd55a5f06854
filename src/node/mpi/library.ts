/**
 * The MPI library that is installed, called through koffi: no compiler, no binding of its own. OpenMPI's handles are addresses of
 * symbols, MPICH's are integers; which of the two it is shows in the symbols.
 */
import { EspalierError } from "../../error.ts";
import { libraryNames } from "./find-library.ts";

/** What the library takes for a communicator and for an element type. */
type Handle = unknown;

/** The few functions that are called, each on all ranks alike. They wait in a thread of their own. */
export interface MpiLibrary {
  readonly path: string;
  /** @returns this process's rank, and how many there are */
  init(): { readonly rank: number; readonly size: number };
  broadcast(bytes: Uint8Array): Promise<void>;
  /** Piece i goes to rank i; piece i of the result came from rank i. */
  exchange(from: Uint8Array, into: Uint8Array, pieceBytes: number): Promise<void>;
  /** Every rank's piece, in their order. */
  gather(piece: Uint8Array, into: Uint8Array): Promise<void>;
  finalize(): Promise<void>;
  /** Ends all ranks at once. */
  abort(status: number): void;
}

const MPICH = { world: 0x44000000, byte: 0x4c00010d } as const; // of its ABI, which Intel MPI and MVAPICH share
/** Calls come from several threads, one after the other. */
const SERIALIZED = 2;

/**
 * UCX, which carries MPICH's messages (and OpenMPI's, where there is a network for it), otherwise watches the memory of the whole
 * process: it rewrites the C library's functions, with an allocator that grows and shrinks the same heap and does not know the C
 * library's lock. A rank was seen to die as a table of V8's, in that heap, was gone. It also takes the signal by which V8 bounds
 * WebAssembly. What the environment says already stays.
 */
const UCX = { UCX_MEM_EVENTS: "n", UCX_HANDLE_ERRORS: "none" } as const;

type Koffi = typeof import("koffi").default;
type Library = ReturnType<Koffi["load"]>;

async function loadKoffi(): Promise<Koffi> {
  try {
    return (await import("koffi")).default;
  } catch (cause) {
    throw new EspalierError(
      "missing",
      "MPI is called through the package koffi, which is not installed",
      { reason: (cause as Error).message },
      "npm install koffi",
    );
  }
}

function open(koffi: Koffi, given: string | undefined): { readonly library: Library; readonly path: string } {
  for (const [name, value] of Object.entries(UCX)) process.env[name] ??= value;
  const names = given === undefined ? libraryNames(process.platform, process.env) : [given];
  const reasons: string[] = [];
  for (const path of names) {
    try {
      return { library: koffi.load(path), path };
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  throw new EspalierError(
    "missing",
    "no MPI library was found",
    { tried: names.join(", ") || `nothing: none is known on ${process.platform}`, reason: reasons[0] },
    "install OpenMPI or MPICH (Debian: apt-get install openmpi-bin libopenmpi3), or say where it is in ESPALIER_MPI",
  );
}

/** OpenMPI's handles, or MPICH's. */
function handlesOf(
  koffi: Koffi,
  library: Library,
): { readonly world: Handle; readonly byte: Handle; readonly type: string } {
  let world: Handle;
  try {
    world = library.symbol("ompi_mpi_comm_world", koffi.opaque());
  } catch {
    return { ...MPICH, type: "int" }; // it has no such symbol
  }
  return { world, byte: library.symbol("ompi_mpi_byte", koffi.opaque()), type: "void*" };
}

/**
 * @param given the library's file. Default: the usual names, where the system looks for libraries
 * @throws EspalierError when koffi or the library is missing
 */
export async function mpiLibrary(given?: string): Promise<MpiLibrary> {
  const koffi = await loadKoffi();
  const { library, path } = open(koffi, given);
  const { world, byte, type } = handlesOf(koffi, library);
  const checked = (name: string, status: number): void => {
    if (status !== 0) throw new EspalierError("system", `${name} failed`, { status, library: path });
  };
  const call = (name: string, signature: string) => {
    const f = library.func(`int ${name}(${signature.replaceAll("handle", type)})`);
    return {
      now: (...given: unknown[]) => checked(name, f(...given) as number),
      later: (...given: unknown[]) =>
        new Promise<void>((resolve, reject) => {
          f.async(...given, (error: Error | null, status: number) => {
            try {
              if (error) throw error;
              checked(name, status);
              resolve();
            } catch (wrong) {
              reject(wrong);
            }
          });
        }),
    };
  };
  const init = call("MPI_Init_thread", "void*, void*, int, _Out_ int*");
  const rankOf = call("MPI_Comm_rank", "handle, _Out_ int*");
  const sizeOf = call("MPI_Comm_size", "handle, _Out_ int*");
  const bcast = call("MPI_Bcast", "void*, int, handle, int, handle");
  const alltoall = call("MPI_Alltoall", "void*, int, handle, void*, int, handle, handle");
  const allgather = call("MPI_Allgather", "void*, int, handle, void*, int, handle, handle");
  const finalize = call("MPI_Finalize", "");
  const abort = call("MPI_Abort", "handle, int");
  return {
    path,
    init() {
      const [provided, rank, size] = [[0], [0], [0]];
      init.now(null, null, SERIALIZED, provided);
      if (provided[0] < SERIALIZED)
        throw new EspalierError(
          "unsupported",
          "this MPI library cannot be called from several threads",
          { library: path },
          "install one that was built with thread support",
        );
      rankOf.now(world, rank);
      sizeOf.now(world, size);
      return { rank: rank[0], size: size[0] };
    },
    broadcast: (bytes) => bcast.later(bytes, bytes.length, byte, 0, world),
    exchange: (from, into, piece) => alltoall.later(from, piece, byte, into, piece, byte, world),
    gather: (piece, into) => allgather.later(piece, piece.length, byte, into, piece.length, byte, world),
    finalize: () => finalize.later(),
    abort: (status) => abort.now(world, status),
  };
}
